"""Boards: cards of retrospectives and of Trello."""
