"""Confluence emoticons and Atlassian emoji → Unicode."""

from bot.storage.reader import Element

EMOTICONS = {
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
    """Return the characters an `ac:emoticon` shows, None where only the wiki knows its picture."""
    fallback = emoticon.attributes.get("ac:emoji-fallback", "")
    if fallback and not fallback.startswith(":"):
        return fallback
    identifier = emoticon.attributes.get("ac:emoji-id", "")
    name = identifier.removeprefix("atlassian-") if identifier.startswith("atlassian-") else fallback.strip(":")
    if name in _ATLASSIAN:
        return _ATLASSIAN[name]
    shown = _from_code_points(identifier)
    if shown is None and not (identifier or fallback):
        # With an identifier, the name is but a stand-in: every custom emoji is called `blue-star`.
        shown = EMOTICONS.get(emoticon.attributes.get("ac:name", ""))
    return shown


def _from_code_points(identifier: str) -> str | None:
    try:
        points = [int(point, 16) for point in identifier.split("-")] if identifier else []
        return "".join(map(chr, points)) if points and min(points) > 0x1F and max(points) < 0x1FFFF else None
    except (ValueError, OverflowError):
        return None
