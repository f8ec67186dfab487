"""The instruments: each turns a few rounded values into a sheet, made anew when they change."""
