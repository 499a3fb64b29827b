"""Map `ac:emoticon` elements (Confluence emoticons and Atlassian emoji) to Unicode characters."""

from bot.storage.reader import Element

CHARACTERS = {
    "smile": "🙂",
    "sad": "🙁",
    "cheeky": "😛",
    "laugh": "😀",
    "wink": "😉",
    "thumbs-up": "👍",
    "thumbs-down": "👎",
    "information": "ℹ️",
    "tick": "✅",
    "cross": "❌",
    "warning": "⚠️",
    "plus": "➕",
    "minus": "➖",
    "question": "❓",
    "light-on": "💡",
    "light-off": "🔅",
    "yellow-star": "⭐",
    "red-star": "🌟",
    "green-star": "✳️",
    "blue-star": "💠",
    "heart": "❤️",
    "broken-heart": "💔",
}
"""The emoticons of the old editor, by `ac:name`."""
_ATLASSIAN = {
    "check_mark": "✅",
    "cross_mark": "❌",
    "light_bulb_on": "💡",
    "light_bulb_off": "🔅",
    "plus": "➕",
    "minus": "➖",
    "question_mark": "❓",
    "exclamation_mark": "❗",
    "info": "ℹ️",
    "warning": "⚠️",
    "yellow_star": "⭐",
    "blue_star": "💠",
    "green_star": "✳️",
    "red_star": "🌟",
}


def find_emoji(emoticon: Element) -> str | None:
    """Return the characters that an `ac:emoticon` shows; None if only the wiki has the image."""
    attributes = emoticon.attributes
    fallback = attributes.get("ac:emoji-fallback", "")
    if fallback and not fallback.startswith(":"):
        return fallback
    identifier = attributes.get("ac:emoji-id", "")
    name = identifier.removeprefix("atlassian-") if identifier.startswith("atlassian-") else fallback.strip(":")
    if name in _ATLASSIAN:
        return _ATLASSIAN[name]
    shown = _from_code_points(identifier)
    if shown is None and not (identifier or fallback):
        # If there is an identifier, the name is only a placeholder: every custom emoji has the name `blue-star`.
        shown = CHARACTERS.get(attributes.get("ac:name", ""))
    return shown


def name_emoji(emoticon: Element) -> str:
    """Return the name of an emoji that has no characters, without colons."""
    attributes = emoticon.attributes
    names = (attributes.get(f"ac:{key}", "") for key in ("emoji-shortname", "emoji-fallback", "name"))
    return next(filter(None, names), "emoji").strip(":")


def _from_code_points(identifier: str) -> str | None:
    try:
        points = [int(point, 16) for point in identifier.split("-")] if identifier else []
        return "".join(map(chr, points)) if points and min(points) > 0x1F and max(points) < 0x1FFFF else None
    except (ValueError, OverflowError):
        return None
