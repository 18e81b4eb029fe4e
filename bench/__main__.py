"""`make bench`: every benchmark, one after the other, each against a baseline in the same run."""

from bench import archive, delivery, growth, imports, pages, search

if __name__ == "__main__":
    delivery.main()
    pages.main()
    growth.main()
    imports.main()
    search.main()
    archive.main()
