"""``python -m benchmarks run | compare | profile | growth | accuracy | scale``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from pathlib import Path

from minigrad.utils import program


def run(options: argparse.Namespace) -> int:
    """Measures the cases of the chosen families."""
    if options.device == 'gpu':
        from benchmarks import gpu

        return gpu.run(
            options.names, options.profile == 'full', options.rounds, options.seconds,
            options.memory, options.autotune, options.json,
        )  # fmt: skip
    from benchmarks import cases, harness

    harness.set_threads(options.threads)
    chosen = [
        case
        for family, family_cases in cases.FAMILIES.items()
        for case in family_cases
        if not options.names
        or family in options.names
        or case.name in options.names
        or case.name == 'control'
    ]
    if options.names and [case.name for case in chosen] == ['control'] != options.names:
        names = [case.name for family in cases.FAMILIES.values() for case in family]
        meant = difflib.get_close_matches(options.names[0], names, n=3, cutoff=0.4)
        near = f'did you mean {" or ".join(meant)}? ' if meant else ''
        raise program.ProgramError(
            f'no case is named {", ".join(options.names)}; {near}families are '
            f'{" ".join(cases.FAMILIES)}, and without a name all are run'
        )
    if options.profile == 'fast':
        chosen = [
            case for case in chosen if not case.full or case.name in options.names
        ]
        if not options.names:  # the table of operations takes some minutes
            chosen = [case for case in chosen if not case.name.startswith('ops.')]
    results = []
    print(harness.HEADER)
    (control,) = [case for case in cases.FAMILIES['core'] if case.name == 'control']
    before = harness.measure(control, options.rounds, options.seconds)
    for case in chosen:
        if case is control:
            results.append(before)
            print(harness.row(before), flush=True)
            continue
        result = harness.measure(case, options.rounds, options.seconds)
        after = harness.measure(control, options.rounds, options.seconds)
        harness.question(result, before, after)
        before = after
        if options.memory and case.name.startswith('models.'):
            for peer in case.build:
                peak = harness.peak_memory(case, peer, options.threads)
                if peak is not None:
                    result.peak_mb[peer] = peak
        results.append(result)
        print(harness.row(result), flush=True)
    for line in harness.summary(results):
        print(line)
    if not any(harness.TORCH in result.median for result in results):
        print('PyTorch is not installed: no ratios (pip install torch==2.13.0)')
    if options.json is not None:
        harness.save(options.json, results)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compares two runs saved as JSON."""
    from benchmarks.compare import compare as compare_runs

    return compare_runs(options.base, options.new, options.max_ratio)


def profile(options: argparse.Namespace) -> int:
    """Says where a model's step spends its time."""
    if options.device == 'gpu':
        from benchmarks import gpu_profile

        return gpu_profile.profile(options.model)
    from benchmarks.profile import profile as profile_model

    return profile_model(options.model, options.threads)


def growth(options: argparse.Namespace) -> int:
    """Draws time and memory against batch size and depth."""
    from benchmarks.growth import growth as draw_growth

    return draw_growth(options.out, options.threads)


def accuracy(options: argparse.Namespace) -> int:
    """Prints the errors of the fast kernels as a page of the docs."""
    from benchmarks.accuracy import table

    print(table(), end='')
    return 0


def scale(options: argparse.Namespace) -> int:
    """Predicts steps of many processes, beside what some measure."""
    from benchmarks.scale import ONE_MACHINE
    from benchmarks.scale import scale as predict_scale

    cluster = ONE_MACHINE if options.cluster is None else options.cluster
    return predict_scale(options.model, cluster, options.measure, options.out)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = program.Parser(prog='python -m benchmarks', description=__doc__)
    commands = parser.add_subparsers(required=True)
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, 'sched_getaffinity')
        else os.cpu_count()
    )

    command = commands.add_parser('run', help='measure minigrad beside PyTorch')
    command.add_argument(
        'names',
        nargs='*',
        help='families (core, models, ops), cases, or models of the GPU (lenet64, alexnet)',
    )
    command.add_argument('--profile', choices=('fast', 'full'), default='fast')
    command.add_argument('--json', type=Path, help='write the results here')
    command.add_argument('--threads', type=int, default=cores)
    command.add_argument('--rounds', type=int, help='rounds per case')
    command.add_argument('--seconds', type=float, default=60, help='limit per case')
    command.add_argument('--memory', action='store_true', help='peak memory too')
    command.add_argument('--device', choices=('cpu', 'gpu'), default='cpu')
    command.add_argument(
        '--autotune', action='store_true', help='both libraries time their algorithms'
    )
    command.set_defaults(function=run)

    command = commands.add_parser('compare', help='exit 1 if a case became slower')
    command.add_argument('base', type=Path)
    command.add_argument('new', type=Path)
    command.add_argument('--max-ratio', type=float, default=1.10)
    command.set_defaults(function=compare)

    command = commands.add_parser('profile', help='where the time of a step goes')
    command.add_argument(
        'model', help='such as lenet64 or alexnet; on a GPU alexnet.float32'
    )
    command.add_argument('--device', choices=('cpu', 'gpu'), default='cpu')
    command.add_argument('--threads', type=int, default=cores)
    command.set_defaults(function=profile)

    command = commands.add_parser('growth', help='against batch size and depth')
    command.add_argument('--out', type=Path, default=Path('growth.png'))
    command.add_argument('--threads', type=int, default=cores)
    command.set_defaults(function=growth)

    command = commands.add_parser('accuracy', help='errors of the fast kernels')
    command.set_defaults(function=accuracy)

    command = commands.add_parser('scale', help='one step in 1 to 1,024 processes')
    command.add_argument(
        'model', help='lenet64, mlp, alexnet_cifar, or one that the cluster describes'
    )
    command.add_argument('--cluster', type=Path, help='its description, a TOML file')
    command.add_argument('--measure', type=int, nargs='*', default=[], metavar='N')
    command.add_argument('--out', type=Path, default=Path('scale.png'))
    command.set_defaults(function=scale)

    options = parser.parse_args(arguments)
    return program.run(
        lambda: options.function(options), [ValueError], 'the rows above stand'
    )


if __name__ == '__main__':
    sys.exit(main())
