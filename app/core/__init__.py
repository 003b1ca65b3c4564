"""What every layer of the application may use: bilingual text, errors, shapes and identifiers."""
