"""Where results go beside the report: Prometheus and Grafana, MLflow."""
