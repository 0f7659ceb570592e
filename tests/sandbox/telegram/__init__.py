"""Tests of the stand-in for the Bot API."""
