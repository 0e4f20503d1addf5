"""One command a file: ``HELP``, ``add_arguments(parser)``, ``run(args) -> exit status``."""
