"""Calls for the walk with secrets that the conformance test does not make: queries, permissions, pages, downloads."""

from wikiserver_support.conformance_calls import CLOUD, DC, V1, V2, Call, flat, storage

EXPAND = (
    "space.homepage.body.storage,history.lastUpdated,history.contributors,version.content.body.storage,ancestors,"
    "children.page.body.view,children.comment.body.storage,children.attachment,descendants.page.body.storage,"
    "descendants.comment.body.storage,descendants.attachment,container.homepage,body.storage,body.view,metadata.labels,"
    "metadata.properties.w,childTypes.all,restrictions.read.restrictions.user,operations"
)
_CQL = (
    "id={page}",
    "ancestor={page}",
    "parent={page}",
    "container={page}",
    "container={file}",
    "space={DOC}",
    "type=comment",
    "type=attachment",
    "type=page",
    "type=blogpost",
    "text~sentence",
)
_CONVERTED = {
    "value": '<ac:structured-macro ac:name="children" /><ac:structured-macro ac:name="pagetree" />'
    '<ac:structured-macro ac:name="attachments" /><ac:structured-macro ac:name="recently-updated" />'
    '<ac:structured-macro ac:name="gallery" /><ac:link><ri:space ri:space-key="{DOC}" /></ac:link>'
    '<ac:structured-macro ac:name="contentbylabel"><ac:parameter ac:name="labels">{word}</ac:parameter>'
    '</ac:structured-macro><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>'
    '<ri:page ri:space-key="{DOC}" ri:content-title="{title}" /></ac:link></ac:parameter>'
    '</ac:structured-macro><ac:image><ri:attachment ri:filename="{name}"><ri:page ri:space-key="{DOC}" '
    'ri:content-title="{title}" /></ri:attachment></ac:image>',
    "representation": "storage",
}
_V1_QUERIES = (
    *(f"/content?{one}&expand={EXPAND}" for one in ("spaceKey={DOC}", "status=any", "status=draft", "status=trashed")),
    *(f"/content?{one}&expand={EXPAND}" for one in ("ids={page}", "type=blogpost", "type=comment", "type=attachment")),
    *(f"/content/{{page}}?status={one}&expand={EXPAND}" for one in ("draft", "any", "trashed", "archived")),
    *(f"/content/search?cql={one}&expand={EXPAND}" for one in _CQL),
    *(f"/search?cql={one}&expand=content.body.storage" for one in _CQL),
    "/content/{comment}?expand=body.storage,container.body.storage",
    "/content/{file}?expand=container.body.storage",
    "/content/{page}/child/comment?depth=all&expand=body.storage",
    "/content/{file}/child/comment?expand=body.storage",
    "/content/{page}/descendant/comment?expand=body.storage",
    "/content/{page}/descendant/attachment",
    "/content/{page}/descendant/page?expand=body.storage",
    "/content/{home}/descendant/page?expand=body.storage",
    "/content/{home}/child/page?expand=body.storage",
    "/content/{page}/child/folder",
    "/space?expand=homepage.body.storage,metadata.labels,description.plain",
    "/space?spaceKey={DOC}&expand=homepage.body.storage,description.plain",
    "/space/{DOC}/content?expand=body.storage",
    "/space/{DOC}/content/comment?expand=body.storage",
    "/space/{DOC}/content/attachment",
)
_CLOUD_QUERIES = (
    "/label?name={word}",
    "/label?name=one",
    "/template/page?spaceKey={DOC}&expand=body",
    "/space/{DOC}/state/content?state-id=1&expand=body.storage",
    "/inlinetasks/search",
    "/inlinetasks/search?status=unchecked",
    "/longtask",
    "/content/{page}/version?expand=content.body.storage",
    "/search/user?cql=user.fullname~a",
    "/user/watch/label/one",
    "/group/confluence-users",
    "/group/confluence-users/member",
)
_SERVER_QUERIES = (
    "/space/{DOC}/labels",
    "/space/{DOC}/trash?expand=body.storage",
    "/content/scan?spaceKey={DOC}&expand=body.storage",
    "/content/scan?status=any&expand=body.storage",
    "/content/scan?type=comment&expand=body.storage",
    "/content/scan?type=attachment",
    "/space/{DOC}/permissions",
    "/space/{DOC}/permissions/group/confluence-users",
    "/space/{DOC}/permissions/user/omar",
    "/group/by-id?id={group}",
    "/group/by-name?name=confluence-users",
    "/group/picker?query=c",
    "/group/member?name=confluence-users",
    "/group/{group}/membersByGroupId",
    "/longtask/{task}",
)
_V2_QUERIES = (
    *(f"/pages?{one}&body-format=storage" for one in ("id={page}", "space-id={space_id}", "status=draft", "limit=250")),
    *(f"/pages?{one}&body-format=storage" for one in ("status=trashed", "status=archived", "title={title}")),
    *(f"/pages/{{page}}?{one}&body-format=storage" for one in ("get-draft=true", "status=draft", "version=1")),
    "/pages/{page}/children?limit=250",
    "/pages/{page}/versions?body-format=storage",
    "/blogposts?body-format=storage",
    "/spaces/{space_id}/pages?body-format=storage&status=current,archived,trashed,draft",
    "/spaces?ids={space_id}&description-format=plain",
    "/labels?label-id={label}",
    "/labels/{label}/pages?body-format=storage",
    "/tasks?page-id={page}&body-format=storage",
    "/tasks?space-id={space_id}&body-format=storage",
    "/footer-comments?body-format=storage&limit=250",
    "/inline-comments?body-format=storage&limit=250",
    "/attachments?limit=250&status=current,archived,trashed",
    "/search?cql=type=page&expand=content.body.storage",
    "/pages/{page}?include-labels=true&include-properties=true&include-versions=true&include-likes=true",
)
_GRANT = [{"operationKey": "read", "targetType": "space"}]
_INLINE = {"inlineProperties": {"originalSelection": "sentence"}}

REST_CALLS = (
    *(Call("GET", V1 + one) for one in _V1_QUERIES),
    *(Call("GET", V1 + one, flavours=CLOUD) for one in _CLOUD_QUERIES),
    *(Call("GET", V1 + one, flavours=DC) for one in _SERVER_QUERIES),
    *(Call("GET", V2 + one, flavours=CLOUD) for one in _V2_QUERIES),
    Call("DELETE", f"{V1}/space/{{DOC}}/permission/1", flavours=CLOUD),
    Call("POST", f"{V1}/space/{{DOC}}/permissions", [{"groupName": "writers", "operations": _GRANT}], flavours=DC),
    *(
        Call("PUT", f"{V1}{where}/permissions/{who}/{change}", _GRANT, flavours=DC)
        for where in ("/space/{DOC}", "")
        for who in ("user/omar", "group/writers")
        for change in ("grant", "revoke")
    ),
    Call("POST", "/oauth/token", {"grant_type": "client_credentials", "client_id": "{word}"}),
    Call("POST", "/rest/oauth2/latest/token", {"grant_type": "client_credentials", "client_id": "{word}"}),
    Call("PUT", f"{V1}/space/{{DOC}}", {"name": "Renamed", "homepage": {"id": "{page}"}}),
    Call("PUT", f"{V1}/space/{{DOC}}/archive", flavours=DC),
    Call("PUT", f"{V1}/space/{{DOC}}/restore", flavours=DC),
    Call("DELETE", f"{V1}/space/{{DOC}}/trash", flavours=DC),
    Call("DELETE", f"{V1}/space/{{DOC}}"),
    Call("POST", f"{V1}/space/_private", {"key": "OWN", "name": "Own"}),
    Call("POST", f"{V1}/content/{{made}}/property/{{word}}", {"value": 1}),
    Call("PUT", f"{V1}/content/{{page}}/property/w", {"value": 2, "version": {"number": 2}}),
    Call("PUT", f"{V1}/content/{{page}}/restriction", [], flavours=("datacenter",)),
    Call(
        "POST",
        f"{V1}/content",
        {"type": "page", "title": "x", "space": {"key": "{DOC}"}, "ancestors": [{"id": "{page}"}], "body": storage("")},
    ),
    Call(
        "PUT",
        f"{V1}/content/{{made}}",
        {"title": "Made", "version": {"number": 2}, "ancestors": [{"id": "{page}"}], "body": storage("<p>n</p>")},
    ),
    Call(
        "PUT",
        f"{V1}/content/{{page}}?status=draft",
        {"title": "Page", "version": {"number": 3}, "status": "draft", "body": storage("<p>n</p>")},
    ),
    Call(
        "POST",
        f"{V1}/content",
        {"type": "comment", "container": {"id": "{file}", "type": "attachment"}, "body": storage("<p>c</p>")},
    ),
    Call(
        "POST",
        f"{V1}/content",
        {"type": "comment", "container": {"id": "{page}"}, "extensions": _INLINE, "body": storage("<p>c</p>")},
    ),
    Call(
        "POST",
        f"{V1}/content",
        {
            "type": "comment",
            "container": {"id": "{page}"},
            "ancestors": [{"id": "{comment}"}],
            "body": storage("<p>c</p>"),
        },
    ),
    Call(
        "PUT", f"{V1}/content/{{comment}}", {"type": "comment", "version": {"number": 2}, "body": storage("<p>c</p>")}
    ),
    Call("DELETE", f"{V1}/content/{{comment}}"),
    Call("DELETE", f"{V1}/content/{{file}}"),
    Call("DELETE", f"{V1}/content/{{page}}"),
    Call("DELETE", f"{V1}/content/{{page}}?status=trashed"),
    Call("DELETE", f"{V1}/content/{{page}}?status=draft"),
    Call(
        "PUT",
        f"{V1}/content/{{page}}/child/attachment/{{file}}",
        {"id": "{file}", "type": "attachment", "container": {"id": "{home}"}},
    ),
    Call("GET", f"{V1}/content/{{page}}/child/attachment/{{file}}/download", flavours=CLOUD),
    Call("GET", f"{V1}/inlinetasks/{{inline_task}}", flavours=CLOUD),
    Call("PUT", f"{V1}/inlinetasks/{{inline_task}}", {"status": "checked"}, flavours=CLOUD),
    Call("PUT", f"{V1}/content/{{made}}/move/append/{{page}}", flavours=CLOUD),
    Call("PUT", f"{V1}/content/{{made}}/move/after/{{page}}", flavours=CLOUD),
    Call("DELETE", f"{V1}/content/{{page}}/pageTree", flavours=CLOUD),
    Call("POST", f"{V1}/content/archive", {"pages": [{"id": "{made}"}, {"id": "{page}"}]}, flavours=CLOUD),
    Call(
        "POST",
        f"{V1}/content/{{made}}/copy",
        {"destination": {"type": "existing_page", "value": "{page}"}},
        flavours=CLOUD,
    ),
    Call("POST", f"{V1}/content/{{made}}/copy", {"destination": {"type": "space", "value": "{DOC}"}}, flavours=CLOUD),
    Call(
        "POST",
        f"{V1}/content/{{home}}/pagehierarchy/copy",
        {"destinationPageId": "{made}", "titleOptions": {"prefix": "C "}, "copyAttachments": True, "copyLabels": True},
        flavours=CLOUD,
    ),
    Call("POST", f"{V1}/contentbody/convert/view", _CONVERTED, flavours=DC),
    Call(
        "POST",
        f"{V1}/contentbody/convert/async/export_view?contentIdContext={{page}}",
        _CONVERTED,
        flavours=CLOUD,
        keep="async",
    ),
    Call("GET", f"{V1}/contentbody/convert/async/{{async}}?attempt=1", flavours=CLOUD),
    Call("GET", f"{V1}/contentbody/convert/async/{{async}}?attempt=2", flavours=CLOUD),
    Call("POST", f"{V2}/spaces", {"key": "OMR", "name": "Of omar"}, flavours=CLOUD),
    Call(
        "POST",
        f"{V2}/pages?root-level=true",
        {"spaceId": "{space_id}", "status": "current", "title": "R"},
        flavours=CLOUD,
    ),
    Call("POST", f"{V2}/pages", {"spaceId": "{space_id}", "title": "R", "parentId": "{page}"}, flavours=CLOUD),
    Call(
        "PUT",
        f"{V2}/pages/{{made}}",
        {
            "id": "{made}",
            "status": "current",
            "title": "Made",
            "parentId": "{page}",
            "body": flat("<p>n</p>"),
            "version": {"number": 2},
        },
        flavours=CLOUD,
    ),
    Call("DELETE", f"{V2}/pages/{{page}}?draft=true", flavours=CLOUD),
    Call("DELETE", f"{V2}/pages/{{page}}?purge=true", flavours=CLOUD),
    Call("POST", f"{V2}/footer-comments", {"attachmentId": "{file}", "body": flat("<p>f</p>")}, flavours=CLOUD),
    Call("POST", f"{V2}/footer-comments", {"parentCommentId": "{comment}", "body": flat("<p>f</p>")}, flavours=CLOUD),
    Call(
        "PUT", f"{V2}/footer-comments/{{comment}}", {"version": {"number": 2}, "body": flat("<p>h</p>")}, flavours=CLOUD
    ),
    Call("DELETE", f"{V2}/footer-comments/{{comment}}", flavours=CLOUD),
    Call("GET", f"{V2}/comments/{{comment}}/properties", flavours=CLOUD),
    Call(
        "POST", f"{V2}/content/convert-ids-to-types", {"contentIds": ["{page}", "{comment}", "{file}"]}, flavours=CLOUD
    ),
)

_OF_PAGE = (
    *("/pages/{page}/move", "/pages/{page}/edit", "/pages/{page}/edit?mode=source", "/pages/{page}/edit?draft=use"),
    *("/pages/resumedraft.action?draftId={page}", "/pages/editpage.action?pageId={page}", "/pages/{page}/source"),
    *("/spaces/{DOC}/pages/edit-v2/{page}", "/spaces/{DOC}/pages/new?parentId={page}", "/pages/{page}/attachments"),
    *("/pages/createpage.action?spaceKey={DOC}&fromPageId={page}", "/pages/viewpageattachments.action?pageId={page}"),
    *("/pages/viewpreviousversions.action?pageId={page}", "/pages/{page}/history", "/pages/{page}/versions/1"),
    *("/pages/{page}/compare", "/pages/{page}/compare?from=1&to=2", "/pages/viewpage.action?pageId={page}"),
    *("/plugins/viewstorage/viewpagestorage.action?pageId={page}", "/pages/tree?parent={page}&current={page}"),
    *("/spaces/{DOC}/pages/{page}", "/spaces/{DOC}/pages/{page}/T", "/spaces/{DOC}/blog/2026/01/01/{blog}/T"),
)
_OF_SPACE = (
    *(
        "/",
        "/spaces",
        "/index.action",
        "/dashboard.action",
        "/spaces/{DOC}",
        "/spaces/{DOC}/overview",
        "/display/{DOC}",
    ),
    *("/spaces/{DOC}/pages", "/spaces/{DOC}/pages?status=archived", "/spaces/{DOC}/pages?status=trashed"),
    *("/display/{DOC}/{title}", "/pages/viewpage.action?spaceKey={DOC}&title={title}", "/x/{tiny}"),
)
_OF_ALL = (
    *("/search?text=sentence", "/search?cql=type%3Dcomment", "/dosearchsite.action?queryString={word}"),
    *("/search?label={word}", "/search?text=a&ancestor={page}", "/search?cql=space%3D{DOC}", "/label/{word}"),
    *("/label/{DOC}/{word}", "/people/{admin}", "/display/~{admin}", "/login", "/login.action", "/status"),
    *("/_edge/tenant_info", "/images/icons/emoticons/tick.svg", "/images/icons/attachments/missing.svg"),
    *("/download/attachments/{page}/{name}", "/download/thumbnails/{page}/{name}"),
)
_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/pages/{made}/move", {"target": "{page}", "position": "append"}),
    ("/pages/{page}/move", {"target": "{made}", "position": "append"}),
    ("/pages/{made}/move", {"target": "{title}", "position": "before"}),
    ("/pages/{page}/archive", {}),
    ("/pages/{page}/unarchive", {}),
    ("/pages/{page}/trash", {}),
    ("/pages/{page}/untrash", {}),
    ("/pages/{page}/labels", {"labels": "open"}),
    ("/pages/{page}/labels/remove", {"label": "{word}"}),
    ("/pages/{page}/watch", {}),
    ("/pages/{page}/comments", {"body": "hello"}),
    ("/pages/{page}/comments", {"body": "hello", "parent": "{comment}"}),
    ("/pages/{page}/comments", {"body": "hello", "selection": "sentence"}),
    ("/comments/{new:inline}/resolve", {}),
    ("/comments/{comment}/delete", {}),
    ("/pages/{page}/edit", {"title": "T", "body": "<p>x</p>", "version": "3"}),
    ("/pages/{page}/draft", {"title": "T", "body": "<p>x</p>", "version": "2"}),
    ("/pages/{page}/draft/discard", {}),
    ("/pages/preview", {"page": "{page}", "body": '<ac:structured-macro ac:name="children" />'}),
    ("/spaces/{DOC}/pages/new", {"title": "N", "body": "<p>n</p>", "parent": "{page}"}),
    ("/pages/{page}/attachments", {}),
    ("/pages/{page}/attachments/{file_number}/trash", {}),
    ("/pages/{page}/restore", {"version": "1"}),
    ("/spaces", {"key": "WEB", "name": "Web"}),
    ("/pages/movepage.action?pageId={made}&targetId={page}&position=append", {}),
    ("/pages/movepage.action?pageId={made}&targetId={page}&position=above", {}),
    ("/pages/movepage.action?pageId={page}&targetId={made}&position=append", {}),
    ("/pages/movepage.action?pageId={made}&spaceKey={DOC}&targetTitle={title}", {}),
    ("/login", {"name": "omar", "password": "omar-secret"}),
    ("/logout", {}),
)
_ADMIN_CALLS = (Call("POST", "/_admin/editor", {"page": "{page}", "person": "omar"}),)

BROWSER_CALLS = (
    *_ADMIN_CALLS,
    *(Call("GET", path) for path in (*_OF_PAGE, *_OF_SPACE, *_OF_ALL)),
    *(Call("POST", path, {"form": form}) for path, form in _FORMS),
)
