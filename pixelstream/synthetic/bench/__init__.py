"""Load for the bench: peers that cost little, so that what is measured is the server's.

The trap: all of it runs in a process of its own, on one loop; a load that is dearer than the server
under test measures itself. Nothing here knows which server it speaks to.
"""
