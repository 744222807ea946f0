"""Calendars: files of posts (CSV, XLSX) that are checked row by row and queued together (docs/calendars.md)."""
