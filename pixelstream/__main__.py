"""`python -m pixelstream`: the same as the command `pixelstream`."""

from pixelstream.cli.main import app

if __name__ == "__main__":
    app(prog_name="pixelstream")
