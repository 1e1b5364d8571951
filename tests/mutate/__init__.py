"""Small faults, planted one at a time: ``python -m tests.mutate --seed 1 --count 50``."""
