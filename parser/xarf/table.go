package xarf

// table is the core schema and those of the types: what each asks for and the
// words its fields are held to. A field that is only text is not listed twice.
const table = `
Report open
  xarf_version! @version
  report_id! @uuid
  timestamp! @time
  reporter,sender! Contact
  source_identifier! string
  source_port int(1,65535)
  category! enum(messaging|content|copyright|connection|vulnerability|infrastructure|reputation)
  type! string
  evidence_source string
  evidence [Evidence](0,50)
  tags [@tag](0,20)
  confidence number(0,1)
  description string(1000)
  legacy_version =3
  _internal object

Contact
  org! string(200)
  contact! @email
  domain! @hostname

Evidence
  content_type! string
  description string(500)
  payload! @base64
  hash @hash
  size int(0,5242880)

Messaging: Report
  smtp_from,smtp_to @email
  subject string(500)
  sender_name,message_id,user_agent string(200)

messaging-spam: Messaging
  protocol! enum(smtp|sms|whatsapp|telegram|signal|chat|social_media|push_notification|other)
  recipient_count int(1,9007199254740991)
  language @tongue
  spam_indicators SpamIndicators
SpamIndicators
  suspicious_links [@uri]*
  commercial_content,bulk_characteristics bool

messaging-bulk_messaging: Messaging
  protocol! enum(smtp|sms|whatsapp|telegram|social_media|push_notification|other)
  recipient_count! int(100,9007199254740991)
  unsubscribe_provided,opt_in_evidence bool
  bulk_indicators BulkIndicators
BulkIndicators
  high_volume,template_based,commercial_sender bool

Connection: Report
  first_seen! @time
  last_seen @time
  protocol! enum(tcp|udp)
  user_agent string
  destination_ip @ip
  destination_port int(1,65535)

connection-login_attack: Connection
  protocol! enum(tcp|udp|icmp|sctp)
connection-port_scan: Connection
  protocol! enum(tcp|udp|icmp|sctp)
connection-ddos: Connection
  protocol! enum(tcp|udp|icmp|sctp)
  evidence_source enum(firewall_logs|ids_detection|flow_analysis|traffic_monitoring|honeypot)
  attack_vector string
  peak_pps,peak_bps,duration_seconds int(1,9007199254740991)
  amplification_factor number(1,1000000000)
  threshold_exceeded @time
  mitigation_applied bool
  service_impact enum(none|degraded|unavailable)
connection-scraping: Connection
  total_requests! int(1,9007199254740991)
  unique_urls int(1,9007199254740991)
  data_volume,session_duration,concurrent_connections int
  request_rate number
  respects_robots_txt bool
  bot_signature string
  scraping_pattern enum(sequential|random|targeted|sitemap_following|api_harvesting|deep_crawling|breadth_first|depth_first)
  target_content enum(product_data|pricing_information|user_profiles|contact_information|news_articles|images|documents|api_data|search_results|general_content|other)
connection-sql_injection: Connection
  target_url @uri
  http_method enum(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)
  injection_point enum(query_parameter|post_body|cookie|header|path|json_parameter)
  attack_technique enum(union_based|error_based|boolean_blind|time_blind|stacked_queries|out_of_band|second_order|other)
  payload_sample string(1000)
  attempts_count int(1,9007199254740991)
connection-vulnerability_scan: Connection
  protocol! enum(tcp|udp|icmp|mixed)
  scan_type! enum(port_scan|vulnerability_scan|version_detection|os_fingerprinting|service_enumeration|web_vuln_scan|directory_brute_force|mixed)
  targeted_ports [int(1,65535)]*
  targeted_services,vulnerabilities_probed [string]*
  scanner_signature string
  scan_rate number
  total_requests int(1,9007199254740991)
connection-infected_host: Connection
  bot_type! enum(search_engine|ai_agent|monitoring|seo_analyzer|link_checker|feed_reader|social_media|advertising|malicious|unknown)
  bot_name string
  behavior_pattern enum(legitimate_crawling|aggressive_crawling|api_abuse|form_submission|comment_spam|account_creation|content_harvesting|vulnerability_probing|mixed)
  request_rate number
  total_requests int(1,9007199254740991)
  respects_robots_txt,follows_crawl_delay,javascript_execution,accepts_cookies bool
  api_endpoints_accessed [string]*
  verification_status enum(verified|unverified|spoofed|unknown)
connection-reconnaissance: Connection
  probed_resources! [string]*
  resource_categories [enum(environment_files|version_control|configuration_files|backup_files|admin_panels|database_files|log_files|credential_files|api_endpoints|debug_endpoints|other)]*
  http_methods [enum(GET|POST|HEAD|OPTIONS|PUT|DELETE|TRACE|CONNECT)]*
  response_codes [int]*
  successful_probes [string]*
  total_probes int(1,9007199254740991)
  automated_tool bool
`

// typesOf are the types of a category, nil for one that is none.
func typesOf(category string) []string {
	return map[string][]string{
		"messaging":      {"bulk_messaging", "spam"},
		"connection":     {"ddos", "infected_host", "login_attack", "port_scan", "reconnaissance", "scraping", "sql_injection", "vulnerability_scan"},
		"content":        {"brand_infringement", "csam", "csem", "exposed_data", "fraud", "malware", "phishing", "remote_compromise", "suspicious_registration"},
		"copyright":      {"copyright", "cyberlocker", "link_site", "p2p", "ugc_platform", "usenet"},
		"vulnerability":  {"cve", "misconfiguration", "open_service"},
		"infrastructure": {"botnet", "compromised_server"},
		"reputation":     {"blocklist", "threat_intelligence"},
	}[category]
}

// classes are the classes of RSIT that the types stand for (DOMAIN 2.3).
func classes() map[string]string {
	return map[string]string{
		"messaging-spam": "abusive-content/spam", "messaging-bulk_messaging": "abusive-content/spam",
		"connection-ddos": "availability/ddos", "connection-login_attack": "intrusion-attempts/brute-force",
		"connection-port_scan": "information-gathering/scanner", "connection-scraping": "information-gathering/scanner",
		"connection-vulnerability_scan": "information-gathering/scanner", "connection-reconnaissance": "information-gathering/scanner",
		"connection-sql_injection": "intrusion-attempts/exploit", "connection-infected_host": "malicious-code/infected-system",
		"content-phishing": "fraud/phishing", "content-malware": "malicious-code/malware-distribution", "content-fraud": "fraud/masquerade",
		"content-brand_infringement": "fraud/masquerade", "content-suspicious_registration": "fraud/masquerade",
		"content-csam": "abusive-content/violence", "content-csem": "abusive-content/violence",
		"content-exposed_data": "information-content-security/data-loss", "content-remote_compromise": "intrusions/application-compromise",
		"copyright-copyright": "fraud/copyright", "copyright-cyberlocker": "fraud/copyright", "copyright-link_site": "fraud/copyright",
		"copyright-p2p": "fraud/copyright", "copyright-ugc_platform": "fraud/copyright", "copyright-usenet": "fraud/copyright",
		"infrastructure-botnet": "malicious-code/infected-system", "infrastructure-compromised_server": "intrusions/application-compromise",
	}
}
