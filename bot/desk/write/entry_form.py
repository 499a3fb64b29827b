"""The form of a quick link or of a line of the banner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.config.data_model import QuickLink, StatusLine
from bot.desk.language import gettext as _
from bot.desk.write.news_form import Timed, as_json_moment, is_equal, read_day, read_moment
from bot.operations.content_advice import Advice, Topic, Weight
from bot.storage.addresses import may_be_id

SECTIONS = {"links": "quick_links", "banner": "status"}
FIELDS = (
    *("text", "target", "under", "remark", "icon", "lozenge", "lozenge_colour", "colour", "day", "time", "fold"),
    *("until_day", "until_time", "until_fold", "review_by", "accept", "digest"),
)
_TARGETS = ("page", "url", "attachment")


@dataclass
class EntryForm:
    """The fields as typed, and the values for the data file that they mean."""

    area: str
    fields: dict[str, str]
    publish: Timed = field(default_factory=Timed)
    expire: Timed = field(default_factory=Timed)
    advice: list[Advice] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, area: str, fields: Mapping[str, str], zone: ZoneInfo) -> "EntryForm":
        """Return the form with the values that *fields* mean."""
        form = cls(area, {name: fields.get(name, "") for name in FIELDS})
        if area == "links":
            form._read_link()
        else:
            form._read_line()
        form._read_times(zone)
        form.values["review_by"] = read_day("review_by", form.fields, form.advice)
        return form

    @property
    def moment(self) -> datetime | None:
        """The moment at which the entry appears."""
        return self.publish.moment

    def changes(self, seen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that differ from *seen*."""
        return {name: value for name, value in self.values.items() if not is_equal(value, seen.get(name))}

    def with_target(self, markdown: str) -> dict[str, str]:
        """Return the fields that change when the found *markdown* link is chosen: the target, or a part of the text."""
        if self.area == "banner":
            return {"text": f"{self.fields['text'].rstrip()} {markdown}".strip()}
        words, _bracket, target = markdown.rpartition("](")
        text = self.fields["text"] or words.removeprefix("[").replace("\\", "")
        return {"target": target.removesuffix(")").replace("\\", ""), "text": text}

    def _read_link(self) -> None:
        text, target = self.fields["text"].strip(), self.fields["target"].strip()
        if not text:
            self.advice.append(Advice("text", _("Write the words of the link."), Weight.ERROR))
        self.values = {"text": text, "remark": self._spaced("remark")} | dict.fromkeys(_TARGETS)
        kind, _colon, name = target.partition(":")
        if kind in ("page", "attachment") and name.strip():
            self.values[kind] = name.strip()
        elif kind.lower() in ("http", "https", "mailto"):
            self.values["url"] = target
        elif target:
            self.values["page"] = f"title:{target}" if may_be_id(target) else target

    def _spaced(self, name: str) -> str | None:
        words = self.fields[name].strip()
        return f" {words}" if words else None

    def _read_line(self) -> None:
        fields = self.fields
        lozenge = fields["lozenge"].strip()
        self.values = {
            "text": fields["text"].replace("\r\n", "\n").strip() or None,
            "icon": fields["icon"] or None,
            "colour": fields["colour"].strip() or None,
            "lozenge": _lozenge(lozenge, fields["lozenge_colour"]) if lozenge else None,
        }
        if not (self.values["text"] or self.values["icon"] or lozenge):
            self.advice.append(Advice("text", _("Write the line, or choose an icon or a lozenge."), Weight.ERROR))

    def _read_times(self, zone: ZoneInfo) -> None:
        fields = self.fields
        self.publish = read_moment("publish_at", fields["day"], fields["time"], fields["fold"], zone)
        self.expire = read_moment("expires_at", fields["until_day"], fields["until_time"], fields["until_fold"], zone)
        starts, ends = self.publish.moment, self.expire.moment
        if starts and ends and ends <= starts:
            message = _("It would disappear before it appears.")
            self.expire.advice.append(Advice("expires_at", message, Weight.ERROR, Topic.TIME))
        self.advice += [*self.publish.advice, *self.expire.advice]
        model = QuickLink if self.area == "links" else StatusLine
        if "publish_at" in model.model_fields:
            self.values |= {"publish_at": as_json_moment(starts), "expires_at": as_json_moment(ends)}


def fields_of(entry: QuickLink | StatusLine, zone: ZoneInfo) -> dict[str, str]:
    """Return the fields of the form for an entry."""
    fields = dict.fromkeys(FIELDS, "") | {"text": entry.text}
    fields["review_by"] = entry.review_by.isoformat() if entry.review_by else ""
    if isinstance(entry, QuickLink):
        fields["remark"] = (entry.remark or "").strip()
        fields["target"] = _target_of(entry)
    else:
        fields |= {"icon": entry.icon or "", "colour": entry.colour or ""}
        if entry.lozenge is not None:
            fields |= {"lozenge": entry.lozenge.text, "lozenge_colour": entry.lozenge.colour}
    for prefix, name in (("", "publish_at"), ("until_", "expires_at")):
        moment: datetime | None = getattr(entry, name, None)
        if moment is not None:
            local = moment.astimezone(zone)
            fields |= {f"{prefix}day": f"{local:%Y-%m-%d}", f"{prefix}time": f"{local:%H:%M}"}
            fields[f"{prefix}fold"] = str(local.fold)
    return fields


def _target_of(link: QuickLink) -> str:
    if link.page is not None:
        return f"page:{link.page}"
    return f"attachment:{link.attachment}" if link.attachment is not None else link.url or ""


def _lozenge(text: str, colour: str) -> dict[str, str]:
    return {"text": text} | ({"colour": colour} if colour and colour != "grey" else {})
