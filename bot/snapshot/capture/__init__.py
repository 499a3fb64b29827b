"""One capture run: choose pages, observe them, compare with what is held, convert, account for everything."""
