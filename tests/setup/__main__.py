"""`python3 -m tests.setup [--optional] STEP...`: one step after the other; all chatter on standard error.

The trap: an old Python must get as far as being told so; nothing newer than its grammar may stand here.
"""

import argparse
import sys

OLDEST = (3, 11)


def main() -> int:
    """Run the steps named on the command line; exit code 1 when one fails."""
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write(
            "Python 3.11 or newer is needed, this is " + have + "; with another: make PYTHON=python3.12\n"
        )
        return 1
    from tests.setup import steps  # noqa: PLC0415 - has the grammar of the Python that was just asked for
    from tests.setup.progress import StepError  # noqa: PLC0415 - as above

    parser = argparse.ArgumentParser("tests.setup", description="Set up what a checkout needs.")
    parser.add_argument("--optional", action="store_true", help="go on without what can't be had")
    parser.add_argument("steps", nargs="+", choices=sorted(steps.STEPS))
    wanted = parser.parse_args()
    for name in wanted.steps:
        try:
            steps.STEPS[name]()
        except StepError as error:
            sys.stderr.write(f"{error}\n")
            if not wanted.optional:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
