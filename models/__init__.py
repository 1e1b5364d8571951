"""The models that minigrad ships, and the programs that train them."""
