//! PURE. The firm's master data: customers, products, prices, aliases, stock, balances, and their import from CSV.
