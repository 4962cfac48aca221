"""The scheduling and pacing service under `/api/`: schedules, profiles, and the campaigns that keep them."""
