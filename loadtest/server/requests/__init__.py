"""What a device asks for: frames are parsed, routed and answered."""
