"""Map `ac:emoticon` elements (Confluence emoticons and Atlassian emoji) to Unicode characters."""

from dataclasses import dataclass

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
PLACEHOLDER = "blue-star"
"""The `ac:name` that Cloud gives to every emoji without a name of the old editor."""


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji of the Cloud editor: the attributes that it adds to an emoticon."""

    id: str
    shortname: str
    fallback: str


def _atlassian(name: str, shortname: str = "") -> Emoji:
    shortname = f":{shortname or name}:"
    return Emoji(f"atlassian-{name}", shortname, shortname)


EMOJI = {
    "smile": Emoji("1f642", ":slight_smile:", "🙂"),
    "sad": Emoji("1f61e", ":disappointed:", "😞"),
    "cheeky": Emoji("1f61b", ":stuck_out_tongue:", "😛"),
    "laugh": Emoji("1f603", ":smiley:", "😃"),
    "wink": Emoji("1f609", ":wink:", "😉"),
    "thumbs-up": Emoji("1f44d", ":thumbsup:", "👍"),
    "thumbs-down": Emoji("1f44e", ":thumbsdown:", "👎"),
    "information": _atlassian("info"),
    "tick": _atlassian("check_mark"),
    "cross": _atlassian("cross_mark"),
    "warning": _atlassian("warning"),
    "plus": _atlassian("plus"),
    "minus": _atlassian("minus"),
    "question": _atlassian("question_mark", "question"),
    "light-on": _atlassian("light_bulb_on"),
    "light-off": _atlassian("light_bulb_off"),
    "yellow-star": _atlassian("yellow_star"),
    "red-star": _atlassian("red_star"),
    "green-star": _atlassian("green_star"),
    "blue-star": _atlassian("blue_star"),
    "heart": Emoji("2764", ":heart:", "❤️"),
    "broken-heart": Emoji("1f494", ":broken_heart:", "💔"),
}
"""The emoji that the Cloud editor makes of an emoticon of the old editor, by `ac:name`.

Observed on Cloud pages: tick, cross, warning, light-on. The others are those of Atlassian's converter of wiki markup.
"""
_NAMES = {emoji.id: name for name, emoji in EMOJI.items()}


def icon_of(emoticon: Element) -> str:
    """Return what identifies the icon that a reader sees.

    The name of the old editor decides, also if the Cloud editor added attributes. The placeholder name says nothing if
    there is an emoji id; then the id decides.
    """
    attributes = emoticon.attributes
    name = attributes.get("ac:name", "")
    identifier = attributes.get("ac:emoji-id") or attributes.get("ac:emoji-shortname", "").strip(":")
    if identifier in _NAMES:
        return _NAMES[identifier]
    if identifier and (name == PLACEHOLDER or not name):
        return f"emoji {identifier}"
    return name or attributes.get("ac:shortcut", "")


def find_character(emoticon: Element) -> str | None:
    """Return the characters of an emoji that has no name of the old editor and that every font shows alike."""
    is_plain = icon_of(emoticon).startswith("emoji ")
    return _from_code_points(emoticon.attributes.get("ac:emoji-id", "")) if is_plain else None


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
