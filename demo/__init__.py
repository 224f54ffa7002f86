"""The demo: a whole Airflow with Hookline on this machine, started and ended by one command.

`python -m demo` is what ``make demo`` runs; :class:`demo.stack.Stack` is what the end-to-end tests and the
benchmarks share with it. Nothing in here is part of the installed package.
"""
