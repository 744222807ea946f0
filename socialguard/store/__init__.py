"""The databases: tables, engines, migrations, leases. No rule of the product lives here."""
