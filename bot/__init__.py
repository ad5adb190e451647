"""CDAI Diary: a symptom diary by chat and the CDAI draft a clinician signs."""
