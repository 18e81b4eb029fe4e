"""Words of the archive by their stems: any SQLite can then search by Russian word forms."""

import sqlite3
from collections.abc import Iterator

from publisher.core.words import plain_word, stem_as_written
from publisher.store.archive.rows import Row

# A question's words, each as a group of all its forms that occur: (дороги OR дорогам) AND (ремонт OR …).
# A form that occurs nowhere goes by the longest known stem that it begins with.
SEARCH = """
WITH asked AS (
  SELECT value
  FROM json_each('["' || replace(replace(replace(trim(:q), '"', ''), '\\', ''), ' ', '","') || '"]')
  WHERE value <> ''
),
known AS (
  SELECT asked.value AS value, coalesce(
    (SELECT stem FROM word WHERE rowid IN
       (SELECT rowid FROM word_fts WHERE word_fts MATCH '"' || asked.value || '"')),
    (SELECT stem FROM json_each('[0, 1, 2, 3]') AS cut, word_fts JOIN word ON word.rowid = word_fts.rowid
      WHERE length(asked.value) - cut.value >= 3
        AND word_fts MATCH '"' || substr(asked.value, 1, length(asked.value) - cut.value) || '"*'
        AND length(stem) = length(asked.value) - cut.value
      ORDER BY cut.value LIMIT 1)
  ) AS stem
  FROM asked
)
SELECT item.id, item.published_on, item.title, item.text
FROM item_fts JOIN item ON item.id = item_fts.rowid
WHERE item_fts MATCH coalesce((
  SELECT group_concat(coalesce(
    (SELECT '(' || group_concat('"' || form || '"', ' OR ') || ')' FROM word WHERE word.stem = known.stem),
    '"' || value || '"'), ' AND ')
  FROM known
), '""')
ORDER BY item_fts.rank LIMIT 100
""".strip()


def list_words(archive: sqlite3.Connection) -> Iterator[Row]:
    """Every word of the search index with its stem, by alphabet; «ё» also as «е», as people type it."""
    archive.execute("CREATE VIRTUAL TABLE temp.item_word USING fts5vocab('main', 'item_fts', 'row')")
    forms = {form for (form,) in archive.execute("SELECT term FROM temp.item_word")}
    archive.execute("DROP TABLE temp.item_word")
    forms |= {plain_word(form) for form in forms if "ё" in form}
    return iter(sorted((form, stem_as_written(form)) for form in forms))
