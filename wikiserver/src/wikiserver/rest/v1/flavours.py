"""Operations of v1 that exist only on Cloud or only on Data Center 10, according to their documents."""

from typing import Final

from wikiserver.site import Flavour

CLOUD_ONLY: Final = frozenset(
    (
        *("archive_pages", "move_page", "copy_one_page", "copy_page_tree", "trash_page_tree"),
        *("add_or_replace_attachments", "download_attachment", "convert_later", "get_conversion"),
        *("list_versions", "get_version", "restore_version"),
        *("get_users_in_bulk", "get_email", "get_emails", "search_users"),
        *("create_group", "delete_group", "join_group", "leave_group", "pick_groups", "get_group_by_query"),
        *("list_restrictions", "add_restrictions", "remove_restrictions", "user_restriction", "group_restriction"),
        *("list_space_labels", "add_space_labels", "remove_space_label", "get_space_settings"),
        *("get_state", "set_state", "remove_state", "list_available_states", "list_custom_states"),
        *("list_space_states", "get_state_settings", "list_content_with_state"),
        *("search_inline_tasks", "one_inline_task", "check_permission"),
        *("list_templates", "list_blueprints", "get_template", "create_template", "update_template", "delete_template"),
        *("get_system_info", "get_label", "add_permission", "remove_permission"),
        *("list_page_watches", "list_space_watches", "list_watches_of_space"),
    )
)
DATA_CENTER_ONLY: Final = frozenset(
    (
        *(
            "convert",
            "remove_attachment",
            "list_users",
            "get_relevant_view_restrictions",
            "archive_space",
            "list_watchers",
        ),
        *("list_content_labels", "scan_content"),
        *("list_permissions", "set_permissions", "list_permissions_of_user", "list_permissions_of_group"),
        *(f"{change}_to_{kind}" for change in ("grant", "revoke") for kind in ("user", "group")),
        *(f"{change}_to_{kind}_globally" for change in ("grant", "revoke") for kind in ("user", "group")),
        *("get_access_mode", "get_server_information", "add_group", "drop_group", "list_trash", "empty_trash"),
    )
)
EXPERIMENTAL: Final = "experimental"
"""Data Center's `/rest/experimental` has versions and restrictions, which its `/rest/api` lacks."""


def has_operation(flavour: Flavour, endpoint: str) -> bool:
    """Return whether a flavour serves a Flask endpoint of this interface."""
    blueprint, _, name = endpoint.rpartition(".")
    if flavour == "cloud":
        return name not in DATA_CENTER_ONLY
    return name not in CLOUD_ONLY or blueprint == EXPERIMENTAL
