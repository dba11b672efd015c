"""The ground floor: what two or more domains need and no domain owns. Knows no domain noun."""
