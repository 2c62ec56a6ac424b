"""`python -m schulbote`."""

from schulbote.cli import main

if __name__ == "__main__":
    main()
