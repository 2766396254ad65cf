"""Chats: one message as each person sent it."""
