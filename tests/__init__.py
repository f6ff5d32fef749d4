"""Qifen's tests mirror the rooms; tests.stories holds whole stories from frame to verdict."""
