"""Every address of the file shelves. What of it is public is in docs/operation.md."""

from aiohttp import web

from appservice.web.host import WebHost
from shelf.web.files import FilePages
from shelf.web.pages import ShelfPages


def shelf_routes(host: WebHost, pages: ShelfPages, files: FilePages) -> list[web.RouteDef]:
    """For the application of the web pages. Nobody sees anything there who is not signed in."""
    return [
        web.get("/shelf", host.page(pages.all, signed_in=True)),
        web.get("/shelf/{group}", host.page(pages.show, signed_in=True)),
        web.post("/shelf/{group}", host.page(pages.share, signed_in=True)),
        web.post("/shelf/{group}/folders", host.page(pages.make_folder, signed_in=True)),
        web.post("/shelf/{group}/folders/{folder}", host.page(pages.change_folder, signed_in=True)),
        web.get("/shelf/{group}/files/{file}", host.page(files.show, signed_in=True)),
        web.post("/shelf/{group}/files/{file}", host.page(files.put, signed_in=True)),
        web.get("/shelf/{group}/files/{file}/content", host.page(files.take, signed_in=True)),
        web.get("/shelf/{group}/files/{file}/view", host.page(files.view, signed_in=True)),
        web.get("/shelf/{group}/files/{file}/thumbnail", host.page(files.thumbnail, signed_in=True)),
    ]
