"""Requests on the wire: how far each got, and its end in time, whatever names, addresses and servers do."""
