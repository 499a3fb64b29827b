"""The form of a news item: from the fields that people fill in to the values of the data file, and back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bot.config.data_model import NewsFile, NewsItem
from bot.config.entry_ref import as_seen
from bot.desk.language import gettext as _
from bot.errors import ContentError
from bot.operations.content_advice import Advice, Topic, Weight, describe_invalid
from bot.operations.local_time import LocalTimeError, moment_of
from bot.operations.news_files import with_link, without_link

FIELDS = (
    *("text", "appears", "day", "time", "fold", "until_day", "until_time", "until_fold", "date", "pinned", "id"),
    *("group", "review_by", "accept", "confirmed", "seen", "digest", "file", "file_name", "file_replace"),
)
"""The fields of the form; a draft keeps them."""
NEXT_RUN, NOW, SET_TIME = "next", "now", "at"


@dataclass
class Timed:
    """What a pair of fields for day and time says; *choices* are two moments, of which the person has to choose one."""

    moment: dt.datetime | None = None
    choices: tuple[dt.datetime, ...] = ()
    advice: list[Advice] = field(default_factory=list)


@dataclass
class NewsForm:
    """The fields as typed, and what they mean."""

    fields: dict[str, str]
    zone: ZoneInfo
    publish: Timed = field(default_factory=Timed)
    expire: Timed = field(default_factory=Timed)
    advice: list[Advice] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    """The values for the data file, as JSON; None for a field that the item does not have."""

    @classmethod
    def read(cls, fields: Mapping[str, str], zone: ZoneInfo) -> "NewsForm":
        """Return the form with the values that *fields* mean; what they cannot mean is advice."""
        form = cls({name: fields.get(name, "") for name in FIELDS}, zone)
        form._read_times()
        for name in ("date", "review_by"):
            form.values[name] = read_day(name, form.fields, form.advice)
        form._read_file()
        text = form.fields["text"].replace("\r\n", "\n").strip()
        if not text:
            form.advice.append(Advice("text", _("Write what is new."), Weight.ERROR))
        form.values |= {"text": text, "pinned": True if form.fields["pinned"] else None}
        form.values |= {"group": form.fields["group"].strip() or None}
        return form

    @property
    def is_now(self) -> bool:
        """Whether the item is to be published at once."""
        return self.fields["appears"] == NOW

    @property
    def moment(self) -> dt.datetime | None:
        """The moment at which the item appears; None: with the next run."""
        return self.publish.moment

    def _read_times(self) -> None:
        fields = self.fields
        if fields["appears"] == SET_TIME:
            self.publish = read_moment("publish_at", fields["day"], fields["time"], fields["fold"], self.zone)
            if not fields["day"] and not self.publish.advice:
                self.publish.advice.append(Advice("publish_at", _("Choose a day."), Weight.ERROR, Topic.TIME))
        self.expire = read_moment(
            "expires_at", fields["until_day"], fields["until_time"], fields["until_fold"], self.zone
        )
        starts, ends = self.publish.moment, self.expire.moment
        if starts and ends and ends <= starts:
            message = _("It would disappear before it appears.")
            self.expire.advice.append(Advice("expires_at", message, Weight.ERROR, Topic.TIME))
        self.advice += [*self.publish.advice, *self.expire.advice]
        self.values |= {"publish_at": as_json_moment(starts), "expires_at": as_json_moment(ends)}

    def _read_file(self) -> None:
        """Read the file that was attached; another name also changes the links to it."""
        file, name = attached_file(self.fields), self.fields["file_name"].strip()
        if file is not None and name and name != file.name:
            try:
                renamed = NewsFile(name=name, size=file.size, sha256=file.sha256)
                self.fields["text"] = with_link(without_link(self.fields["text"], file.name), renamed.name)
                file = renamed
            except (ValidationError, ContentError) as error:
                message = describe_invalid(error)[0].message if isinstance(error, ValidationError) else str(error)
                self.advice.append(Advice("file", message, Weight.ERROR))
        if file is not None and self.fields["text"].strip():
            self.fields["text"] = with_link(self.fields["text"], file.name)
        self.fields |= {"file": file.model_dump_json() if file else "", "file_name": file.name if file else ""}
        self.values["file"] = as_seen(file) if file else None

    def changes(self, seen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that differ from *seen*, the item as it was when the form was opened."""
        return {name: value for name, value in self.values.items() if not is_equal(value, seen.get(name))}


def fields_of(item: NewsItem, zone: ZoneInfo) -> dict[str, str]:
    """Return the fields of the form for an item."""
    fields = dict.fromkeys(FIELDS, "") | {"text": item.text, "id": item.id, "group": item.group or ""}
    fields["appears"] = SET_TIME if item.publish_at else NEXT_RUN
    fields["date"] = item.date.isoformat() if item.date else ""
    fields["review_by"] = item.review_by.isoformat() if item.review_by else ""
    fields["pinned"] = "yes" if item.pinned else ""
    if item.file is not None:
        fields |= {"file": item.file.model_dump_json(), "file_name": item.file.name}
    for prefix, moment in (("", item.publish_at), ("until_", item.expires_at)):
        if moment is not None:
            local = moment.astimezone(zone)
            fields |= {f"{prefix}day": f"{local:%Y-%m-%d}", f"{prefix}time": f"{local:%H:%M}"}
            fields[f"{prefix}fold"] = str(local.fold)
    return fields


def attached_file(fields: Mapping[str, str]) -> NewsFile | None:
    """Return the file that the form has."""
    try:
        return NewsFile.model_validate_json(fields["file"]) if fields.get("file") else None
    except ValidationError:
        return None


def read_moment(name: str, day: str, time: str, fold: str, zone: ZoneInfo) -> Timed:
    """Return the moment that a day and a time mean in *zone*; *name* is the field for advice."""
    day, time = day.strip(), time.strip()
    if not day:
        problem = [Advice(name, _("Choose a day for this time."), Weight.ERROR, Topic.TIME)] if time else []
        return Timed(advice=problem)
    try:
        local = dt.datetime.combine(dt.date.fromisoformat(day), dt.time.fromisoformat(time or "00:00"))
    except ValueError:
        message = _("Write a day such as 2026-12-02 and a time such as 09:00.")
        return Timed(advice=[Advice(name, message, Weight.ERROR, Topic.TIME)])
    try:
        return Timed(moment_of(local, zone, fold=int(fold) if fold in ("0", "1") else None))
    except LocalTimeError as error:
        return Timed(None, error.choices, [Advice(name, str(error), Weight.ERROR, Topic.TIME)])
    except OverflowError:
        return Timed(advice=[Advice(name, _("This is no day of the calendar."), Weight.ERROR, Topic.TIME)])


def read_day(name: str, fields: Mapping[str, str], advice: list[Advice]) -> str | None:
    """Return the day in the field *name* as the JSON of the data file; adds to *advice* what is wrong with it."""
    written = fields[name].strip()
    try:
        return dt.date.fromisoformat(written).isoformat() if written else None
    except ValueError:
        advice.append(Advice(name, _("This is no day of the calendar."), Weight.ERROR, Topic.TIME))
        return None


def as_json_moment(moment: dt.datetime | None) -> str | None:
    """Return a moment as the JSON of the data file, in UTC."""
    return None if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_equal(value: object, seen: object) -> bool:
    """Return whether two JSON values mean the same; moments are written in several ways."""
    if value == seen:
        return True
    if isinstance(value, str) and isinstance(seen, str):
        try:
            return dt.datetime.fromisoformat(value) == dt.datetime.fromisoformat(seen) and "T" in value and "T" in seen
        except (ValueError, TypeError):
            return False
    return False
