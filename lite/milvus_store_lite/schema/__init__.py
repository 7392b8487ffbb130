"""The schema: fields, functions, data types, properties, and the texts of times and geometries."""
