"""Words the made-up world is built of: names, cities and phone shapes by country, companies, titles.

Every domain ends in `.example` (RFC 2606), so that no address can belong to a living person.
"""

# ruff: noqa: RUF001 -- names in their own script are the point here
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """What people of one country are called, and how their numbers are written. In `local`, each 9 is a digit."""

    name: str
    calling_code: str
    local: str
    cities: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


COUNTRIES: tuple[Country, ...] = (
    Country(
        "United States", "+1", "(555) 999-9999",
        ("Austin", "Boston", "Chicago", "Denver", "Portland", "Seattle"),
        ("Emily", "Michael", "Jasmine", "Tyler", "Grace", "Andre", "Megan", "Carlos", "Natalie", "Brandon"),
        ("Johnson", "Ramirez", "Carter", "O'Brien", "Nguyen", "Washington", "Miller", "Brooks", "Patel", "Sullivan"),
    ),
    Country(
        "United Kingdom", "+44", "07700 900999",
        ("London", "Manchester", "Bristol", "Leeds", "Edinburgh"),
        ("Oliver", "Amelia", "Harriet", "Callum", "Imogen", "Rhys", "Zara", "Alistair", "Niamh", "Priya"),
        ("Smith", "Taylor", "Davies", "Macdonald", "Ahmed", "Whitfield", "Clarke", "Evans", "Okafor", "Bennett"),
    ),
    Country(
        "Germany", "+49", "030 9999999",
        ("Berlin", "München", "Hamburg", "Köln", "Leipzig", "Düsseldorf"),
        ("Jürgen", "Katharina", "Lukas", "Änne", "Matthias", "Sabine", "Felix", "Günther", "Lena", "Björn"),
        ("Müller", "Schröder", "Weiß", "von der Heide", "Krüger", "Bauer", "Yılmaz", "Hoffmann", "Jäger", "Lange"),
    ),
    Country(
        "France", "+33", "01 99 99 99 99",
        ("Paris", "Lyon", "Nantes", "Bordeaux", "Besançon"),
        ("Élodie", "François", "Camille", "Jean-Baptiste", "Chloé", "Théo", "Aurélie", "Benoît", "Inès", "Mathieu"),
        ("Lefèvre", "Dupont", "Garnier", "de La Tour", "Bélanger", "Moreau", "Benali", "Faure", "Rousseau", "Noël"),
    ),
    Country(
        "Spain", "+34", "91 999 99 99",
        ("Madrid", "Barcelona", "Málaga", "Valencia", "Bilbao"),
        ("Íñigo", "María José", "Lucía", "Álvaro", "Carmen", "Javier", "Begoña", "Pablo", "Noelia", "Sergio"),
        ("García López", "Núñez", "Fernández", "Ibáñez", "Ortega Ruiz", "Peña", "Castro", "Muñoz", "Serrano", "Vidal"),
    ),
    Country(
        "Poland", "+48", "22 999 99 99",
        ("Warszawa", "Kraków", "Wrocław", "Gdańsk", "Łódź"),
        ("Łukasz", "Agnieszka", "Małgorzata", "Paweł", "Zofia", "Krzysztof", "Świetlana", "Jan", "Ewa", "Michał"),
        ("Wójcik", "Kowalska", "Zieliński", "Dąbrowska", "Szymański", "Król", "Jabłoński", "Nowak", "Bąk", "Gołąb"),
    ),
    Country(
        "Sweden", "+46", "08-999 999 99",
        ("Stockholm", "Göteborg", "Malmö", "Umeå"),
        ("Åsa", "Björn", "Linnéa", "Östen", "Ingrid", "Viktor", "Maja", "Göran", "Elsa", "Nils"),
        ("Lindqvist", "Öberg", "Åkesson", "Bergström", "Sjögren", "Nyström", "Holm", "Ek", "Sandberg", "Wallin"),
    ),
    Country(
        "Estonia", "+372", "699 9999",
        ("Tallinn", "Tartu", "Pärnu"),
        ("Kristjan", "Õnne", "Maarja", "Tõnu", "Liis", "Jüri", "Kadri", "Märt", "Helena", "Siim"),
        ("Tamm", "Õunapuu", "Mägi", "Kask", "Jõgi", "Pärn", "Saar", "Sepp", "Rebane", "Kütt"),
    ),
    Country(
        "Brazil", "+55", "(11) 99999-9999",
        ("São Paulo", "Curitiba", "Florianópolis", "Recife"),
        ("João", "Conceição", "Thaís", "Luís", "Fernanda", "Antônio", "Beatriz", "Caio", "Mônica", "Rafael"),
        ("da Silva", "Gonçalves", "dos Santos", "Araújo", "Magalhães", "Pereira", "Simões", "Lima", "Rocha", "Costa"),
    ),
    Country(
        "India", "+91", "099999 99999",
        ("Bengaluru", "Pune", "Hyderabad", "Chennai", "Mumbai"),
        ("Aarav", "Ananya", "Venkatesh", "Deepika", "Rahul", "Sneha", "Arjun", "Kavya", "Imran", "Meera"),
        ("Sharma", "Iyer", "Krishnamurthy", "Reddy", "Banerjee", "Khan", "Gupta", "Desai", "Menon", "Singh"),
    ),
    Country(
        "Nigeria", "+234", "0809 999 9999",
        ("Lagos", "Abuja", "Ibadan"),
        ("Chinedu", "Ngozi", "Adébáyò", "Folasade", "Emeka", "Amina", "Tunde", "Ifeoma", "Yusuf", "Zainab"),
        ("Okonkwo", "Adeyemi", "Bello", "Eze", "Ogunlẹ́sì", "Abubakar", "Nwosu", "Balogun", "Obi", "Danjuma"),
    ),
    Country(
        "Ukraine", "+380", "044 999 99 99",
        ("Kyiv", "Lviv", "Odesa", "Dnipro"),
        ("Олена", "Тарас", "Ірина", "Андрій", "Oksana", "Maksym", "Solomiia", "Bohdan", "Daryna", "Yurii"),
        ("Шевченко", "Коваленко", "Melnyk", "Boiko", "Lysenko", "Tkachuk", "Hrytsenko", "Savchuk", "Moroz", "Rudenko"),
    ),
    Country(
        "Japan", "+81", "03-9999-9999",
        ("Tokyo", "Osaka", "Fukuoka", "Sapporo"),
        ("Haruto", "Yui", "健太", "美咲", "Sakura", "Daiki", "Aoi", "Ren", "Hina", "Kenji"),
        ("Tanaka", "佐藤", "Yamamoto", "鈴木", "Kobayashi", "Nakamura", "Saitō", "Mori", "Fujita", "Ōkubo"),
    ),
)  # fmt: skip

ROMANISED: dict[str, str] = {
    "Олена": "olena", "Тарас": "taras", "Ірина": "iryna", "Андрій": "andrii", "Шевченко": "shevchenko",
    "Коваленко": "kovalenko", "健太": "kenta", "美咲": "misaki", "佐藤": "sato", "鈴木": "suzuki",
}  # fmt: skip

COMPANY_FIRST_WORDS: tuple[str, ...] = (
    "Nordwind", "Bluebird", "Harbour", "Copperfield", "Solstice", "Redwood", "Kestrel", "Aurora", "Granite", "Lantern",
    "Meridian", "Silverline", "Tamarind", "Foxglove", "Oakhurst", "Vellum", "Juniper", "Cobalt", "Pinnacle", "Marble",
    "Anchor", "Saffron", "Tidewater", "Birchwood", "Summit", "Orchid", "Falcon", "Quartz", "Willow", "Ember",
)  # fmt: skip
COMPANY_SECOND_WORDS: tuple[str, ...] = (
    "Logistics", "Analytics", "Robotics", "Health", "Foods", "Software", "Textiles", "Energy", "Insurance", "Media",
    "Systems", "Biotech", "Mobility", "Interiors", "Security", "Learning", "Travel", "Optics", "Studios", "Materials",
)  # fmt: skip
COMPANY_ENDINGS: tuple[str, ...] = ("Ltd", "GmbH", "Inc.", "AB", "OÜ", "S.A.", "Group", "& Co.", "sp. z o.o.", "")

TITLES: tuple[str, ...] = (
    "Head of Sales", "Chief Technology Officer", "Marketing Manager", "Founder & CEO", "VP Operations", "Buyer",
    "Procurement Lead", "Product Manager", "IT Director", "Account Executive", "HR Business Partner", "Office Manager",
    "Chief Financial Officer", "Growth Lead", "Data Engineer", "Customer Success Manager", "Managing Director",
    "Business Development Representative", "RevOps Analyst", "Partnerships Manager",
)  # fmt: skip

LEAD_SOURCES: tuple[str, ...] = ("Website", "Referral", "Conference", "Outbound", "Partner", "LinkedIn")
MAIL_HOSTS: tuple[str, ...] = ("webmail.example", "postbox.example", "inbox.example")
