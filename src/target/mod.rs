//! `InfluxDB` Cloud, Cloud Serverless and 2.x over HTTP.
