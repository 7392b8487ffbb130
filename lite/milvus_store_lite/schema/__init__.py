"""What a schema is: fields, functions, data types, properties, and how moments and shapes are written."""
