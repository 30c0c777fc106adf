"""The rules of chat: sessions, presence, typing, members, notifications, pushes."""
