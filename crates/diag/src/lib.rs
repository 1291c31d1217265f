//! Diagnostics: sources, spans, codes, severities, and the one look they have as text and as JSON.
