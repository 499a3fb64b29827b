"""Who is told how the bot is doing, and when: messages for people, heartbeats for a monitor.

The functions take values; nothing here reads the state folder or asks the wiki. May import `config` and `wiki`.
"""
