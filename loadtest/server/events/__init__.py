"""How an event reaches its subscribers: destinations, bodies, connections."""
