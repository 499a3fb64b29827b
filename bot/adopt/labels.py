"""The words that head the parts of a home page, in many languages (one table; pure)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_REGIONS = {"status": "status", "links": "quick_links", "news": "news"}
_TABLE = """
en status: status, project status, current status, status update, implementation status, overall status,
    programme status, program status, workspace status, team status, status overview, status summary,
    status report, where we are, where we stand, health, project health, state of play, progress,
    rag status
en links: quick links, quick link, quicklinks, useful links, key links, important links, related links,
    helpful links, links, shortcuts, resources, useful resources, key resources, bookmarks, quick access,
    jump to, go to, top links
en news: news, latest news, recent news, news and updates, news and announcements, announcements, updates,
    latest updates, recent updates, what's new, whats new, what is new, latest, project news, team news,
    news feed, news flash, newsflash, recent announcements, latest announcements, in the news, headlines
de status: status, projektstatus, aktueller status, stand, aktueller stand, stand der dinge, projektstand,
    statusübersicht, sachstand, lage, gesamtstatus, programmstatus
de links: schnellzugriff, quicklinks, nützliche links, wichtige links, links, direktlinks, schnelllinks,
    verweise, weiterführende links, ressourcen
de news: neuigkeiten, aktuelles, news, nachrichten, meldungen, neues, ankündigungen, was gibt es neues,
    aktuelle meldungen, mitteilungen
fr status: état du projet, statut, statut du projet, état, état actuel, avancement, état d'avancement,
    où en sommes nous, situation
fr links: liens rapides, liens utiles, liens, accès rapide, accès rapides, raccourcis, liens importants,
    ressources
fr news: actualités, actualité, nouvelles, nouveautés, annonces, actus, quoi de neuf, dernières nouvelles,
    dernières actualités, à la une, infos
es status: estado del proyecto, estado, estado actual, situación, situación actual, situación del proyecto,
    avance
es links: enlaces rápidos, enlaces útiles, enlaces, accesos directos, accesos rápidos, acceso rápido,
    enlaces importantes, recursos, vínculos
es news: novedades, noticias, actualidad, anuncios, últimas noticias, últimas novedades, avisos,
    qué hay de nuevo
pt status: situação do projeto, estado do projeto, estado do projecto, status do projeto, status, situação,
    estado, situação atual, andamento
pt links: links úteis, links rápidos, ligações rápidas, ligações úteis, links, atalhos, acesso rápido,
    links importantes, recursos
pt news: notícias, novidades, avisos, últimas notícias, comunicados, anúncios, atualizações, o que há de novo
it status: stato del progetto, stato, stato attuale, stato di avanzamento, situazione, stato dei lavori,
    avanzamento
it links: link utili, link rapidi, collegamenti rapidi, collegamenti utili, collegamenti, link, accesso rapido,
    scorciatoie, risorse
it news: novità, notizie, ultime notizie, aggiornamenti, annunci, avvisi, ultime novità, news, comunicazioni
nl status: status, projectstatus, stand van zaken, huidige status, voortgang, stand
nl links: snelkoppelingen, snelle links, handige links, nuttige links, belangrijke links, links, koppelingen,
    snel naar, bronnen
nl news: nieuws, laatste nieuws, actueel, mededelingen, aankondigingen, nieuwtjes, het laatste nieuws,
    updates
da status: status, projektstatus, aktuel status, projektets status, fremdrift
da links: hurtige links, genveje, nyttige links, links, vigtige links, hurtig adgang
da news: nyheder, seneste nyt, nyt, aktuelt, meddelelser, seneste nyheder, opdateringer
sv status: status, projektstatus, aktuell status, läget, lägesrapport, nuläge
sv links: snabblänkar, länkar, användbara länkar, viktiga länkar, genvägar, nyttiga länkar
sv news: nyheter, senaste nytt, aktuellt, nytt, meddelanden, senaste nyheterna, uppdateringar
nb status: status, prosjektstatus, gjeldende status, nåværende status, fremdrift
nb links: hurtiglenker, hurtigkoblinger, nyttige lenker, lenker, viktige lenker, snarveier
nb news: nyheter, siste nytt, aktuelt, nytt, kunngjøringer, siste nyheter, oppdateringer
fi status: tila, projektin tila, tilanne, nykytilanne, projektin tilanne
fi links: pikalinkit, linkit, hyödylliset linkit, tärkeät linkit, hyödyllisiä linkkejä
fi news: uutiset, ajankohtaista, uutisia, tiedotteet, uusimmat uutiset, viimeisimmät uutiset
pl status: status, status projektu, stan projektu, stan, aktualny status, stan prac
pl links: szybkie linki, przydatne linki, ważne linki, linki, na skróty, skróty, szybki dostęp, odnośniki
pl news: aktualności, wiadomości, nowości, ogłoszenia, co nowego, najnowsze wiadomości, komunikaty
cs status: stav, stav projektu, aktuální stav, status
cs links: rychlé odkazy, užitečné odkazy, odkazy, důležité odkazy, zkratky
cs news: novinky, aktuality, zprávy, aktuálně, oznámení, co je nového
sk status: stav, stav projektu, aktuálny stav
sk links: rýchle odkazy, užitočné odkazy, odkazy, dôležité odkazy
sk news: novinky, aktuality, správy, oznamy, čo je nové
hu status: állapot, projekt állapota, a projekt állapota, státusz, jelenlegi állapot, helyzet
hu links: gyorslinkek, gyorshivatkozások, hasznos linkek, linkek, hivatkozások, fontos linkek
hu news: hírek, újdonságok, friss hírek, legfrissebb hírek, közlemények, aktuális
ro status: stare, starea proiectului, stadiul proiectului, stadiu, stadiul actual, status
ro links: linkuri rapide, linkuri utile, legături rapide, legături utile, linkuri, scurtături
ro news: știri, noutăți, anunțuri, ultimele știri, actualități, ultimele noutăți
tr status: durum, proje durumu, mevcut durum, güncel durum
tr links: hızlı bağlantılar, hızlı erişim, faydalı bağlantılar, bağlantılar, önemli bağlantılar, kısayollar,
    yararlı bağlantılar
tr news: haberler, duyurular, güncel haberler, son haberler, yenilikler, güncellemeler
el status: κατάσταση, κατάσταση έργου, κατάσταση του έργου, τρέχουσα κατάσταση, πρόοδος
el links: γρήγοροι σύνδεσμοι, χρήσιμοι σύνδεσμοι, σύνδεσμοι, συντομεύσεις, σημαντικοί σύνδεσμοι
el news: νέα, ειδήσεις, ανακοινώσεις, τελευταία νέα, τα νέα μας
ru status: статус, статус проекта, состояние проекта, текущий статус, состояние, ход проекта, текущее состояние
ru links: быстрые ссылки, полезные ссылки, ссылки, важные ссылки, быстрый доступ
ru news: новости, последние новости, объявления, обновления, что нового, новости проекта
uk status: статус, статус проєкту, стан проєкту, стан, поточний стан, статус проекту, стан проекту
uk links: швидкі посилання, корисні посилання, посилання, важливі посилання, швидкий доступ
uk news: новини, останні новини, оголошення, оновлення, що нового
bg status: статус, състояние, състояние на проекта, статус на проекта
bg links: бързи връзки, полезни връзки, връзки
bg news: новини, последни новини, съобщения
hr status: status, status projekta, stanje, stanje projekta, trenutačno stanje
hr links: brze veze, korisne poveznice, poveznice, brze poveznice, veze
hr news: novosti, vijesti, obavijesti, najnovije vijesti, aktualno
sl status: stanje, stanje projekta, status
sl links: hitre povezave, uporabne povezave, povezave
sl news: novice, obvestila, zadnje novice
et status: seis, olukord, projekti seis, staatus
et links: kiirlingid, kasulikud lingid, lingid
et news: uudised, teated, viimased uudised
lv status: statuss, projekta statuss, stāvoklis
lv links: ātrās saites, noderīgas saites, saites
lv news: jaunumi, ziņas, aktualitātes
lt status: būsena, projekto būsena, statusas
lt links: greitos nuorodos, naudingos nuorodos, nuorodos
lt news: naujienos, žinios, pranešimai
ca status: estat, estat del projecte, situació
ca links: enllaços ràpids, enllaços útils, enllaços
ca news: novetats, notícies, actualitat
id status: status, status proyek, status terkini
id links: tautan cepat, tautan penting, tautan
id news: berita, kabar terbaru, pengumuman
vi status: trạng thái, tình trạng, tình trạng dự án, trạng thái dự án
vi links: liên kết nhanh, liên kết hữu ích, liên kết
vi news: tin tức, tin mới, thông báo, tin mới nhất
ar status: الحالة, حالة المشروع, الوضع الحالي
ar links: روابط سريعة, روابط مفيدة, روابط, روابط مهمة
ar news: الأخبار, أخبار, آخر الأخبار, إعلانات, المستجدات
he status: סטטוס, מצב, מצב הפרויקט, סטטוס הפרויקט
he links: קישורים מהירים, קישורים שימושיים, קישורים
he news: חדשות, עדכונים, הודעות, מה חדש
hi status: स्थिति, परियोजना की स्थिति, वर्तमान स्थिति
hi links: त्वरित लिंक, उपयोगी लिंक, लिंक
hi news: समाचार, नवीनतम समाचार, घोषणाएँ, ख़बरें
ja status: 状況, プロジェクトの状況, ステータス, 現状, 進捗, 進捗状況, プロジェクト状況,
    プロジェクトステータス, 現在の状況, プロジェクトの状態
ja links: クイックリンク, リンク, 便利なリンク, 関連リンク, リンク集, お役立ちリンク, 主なリンク, ショートカット
ja news: お知らせ, ニュース, 新着情報, 最新情報, 最新ニュース, トピックス, 更新情報, 新着
zh status: 状态, 项目状态, 当前状态, 项目进展, 进展, 现状, 项目状况, 狀態, 專案狀態, 目前狀態
zh links: 快速链接, 常用链接, 链接, 快捷链接, 快捷方式, 重要链接, 相关链接, 快速連結, 常用連結, 連結
zh news: 最新动态, 新闻, 消息, 公告, 最新消息, 动态, 通知, 新闻动态, 新闻公告, 最新動態, 新聞
ko status: 상태, 프로젝트 상태, 현황, 진행 상황, 프로젝트 현황, 현재 상태, 진행 현황
ko links: 빠른 링크, 바로가기, 유용한 링크, 링크, 주요 링크, 관련 링크
ko news: 소식, 뉴스, 새 소식, 공지사항, 최신 소식, 공지, 새로운 소식, 업데이트
"""
"""The labels of status, quick links and news in each language."""
_ROWS = re.findall(r"^(\w+) (\w+): (.+(?:\n    .+)*)", _TABLE, re.MULTILINE)
_FIRST_EAST_ASIAN = 0x1100
LANGUAGES = tuple(dict.fromkeys(language for language, _, _ in _ROWS))


def simplify(text: str) -> str:
    """Return *text* without case, accents, icons, punctuation at its edges, and repeated white space."""
    decomposed = unicodedata.normalize("NFKD", text.replace("&", " and "))
    plain = "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()
    words = re.sub(r"['’‘`]", "'", re.sub(r"[-_–—/]", " ", plain))
    return " ".join(re.sub(r"^[^\w]+|[^\w]+$", "", words).split())


def _key(text: str) -> str:
    """Return *text* as the table of labels has it: in Korean, Japanese and Chinese, spaces make no difference."""
    plain = simplify(text)
    is_spaced = not any(each.isalpha() and ord(each) >= _FIRST_EAST_ASIAN for each in plain)
    return plain if is_spaced else plain.replace(" ", "")


_LANGUAGES_OF: dict[str, dict[str, set[str]]] = {region: {} for region in _REGIONS.values()}
for _language, _name, _labels in _ROWS:
    for _label in _labels.split(","):
        _LANGUAGES_OF[_REGIONS[_name]].setdefault(_key(_label), set()).add(_language)


def is_label_of(region: str, text: str) -> bool:
    """Return whether *text* is a common label of *region* in any language."""
    return _key(text) in _LANGUAGES_OF.get(region, {})


def is_label(text: str) -> bool:
    """Return whether *text* is a common label of any region, or ends with a colon."""
    return text.rstrip().endswith((":", ":")) or any(is_label_of(region, text) for region in _LANGUAGES_OF)


def suggests(region: str, text: str) -> bool:
    """Return whether *text* contains a short label of *region* as a word, such as `Phoenix news`."""
    words = simplify(text).split()
    return any(word in _LANGUAGES_OF[region] for word in words)


def guess_language(labels: Iterable[str]) -> str:
    """Return the language that most of *labels* are in; English if that is undecided."""
    votes: Counter[str] = Counter()
    for label in labels:
        for languages in _LANGUAGES_OF.values():
            votes.update(languages.get(_key(label), ()))
    most = max(votes.values(), default=0)
    best = [language for language in LANGUAGES if votes[language] == most]
    return best[0] if most else "en"
