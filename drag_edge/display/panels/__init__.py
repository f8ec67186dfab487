"""The instruments: each turns a few rounded values into a sheet, made anew only when they change."""
