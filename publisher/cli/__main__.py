"""`python -m publisher.cli`: how `publisher run` starts its parts, whatever the script is called."""

from publisher.cli.program import main

main()
