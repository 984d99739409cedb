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
  bulk_indicators object

Connection: Report
  first_seen! @time
  last_seen @time
  protocol! enum(tcp|udp|icmp|sctp|http|https)
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
  respects_robots_txt bool
connection-sql_injection: Connection
  target_url @uri
  http_method enum(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)
  payload_sample string(1000)
connection-vulnerability_scan: Connection
  scan_type! string
  targeted_ports [int(1,65535)]*
connection-infected_host: Connection
  bot_type! string
connection-reconnaissance: Connection
  probed_resources! [string]
  response_codes [int(100,599)]*

Content: Report
  url! @uri
  domain @hostname
  screenshot_url @uri
  verified_at @time
  verification_method enum(manual|automated_crawler|user_report|honeypot|threat_intelligence)
  attack_vector enum(phishing|malware|fraud|brand_infringement|copyright_infringement|data_leak|remote_compromise|suspicious_registration)
  target_brand,registrar,hosting_provider string
  nameservers [string]*
  asn int(1,4294967295)
  country_code @country
  dns_records,ssl_certificate,whois,dns_response object

content-phishing: Content
  cloned_site,submission_url @uri
content-malware: Content
  file_hashes FileHashes
  malware_family string
  exploit_cve [@anycve]*
FileHashes open
  md5,sha1,sha256,sha512,ssdeep string
content-fraud: Content
  fraud_type! string
content-csam: Content
  classification! enum(baseline|A1|A2|B1|B2)
  detection_method! string
  hash_values FileHashes
content-csem: Content
  detection_method,exploitation_type! string
content-exposed_data: Content
  data_types! [string]
  exposure_method! string
content-brand_infringement: Content
  infringement_type! string
  legitimate_site! @uri
  similarity_score number(0,1)
content-suspicious_registration: Content
  registration_date! @time
  suspicious_indicators! [string]
  risk_score number(0,1)
content-remote_compromise: Content
  compromise_type! string

Copyright: Report
  work_title,rights_holder,work_category,infringement_type string
copyright-copyright: Copyright
  infringing_url! @uri
  original_url @uri
copyright-cyberlocker: Copyright
  infringing_url! @uri
  hosting_service! string
copyright-link_site: Copyright
  infringing_url! @uri
  site_name! string
copyright-ugc_platform: Copyright
  infringing_url! @uri
  platform_name! string
copyright-p2p: Copyright
  p2p_protocol! enum(bittorrent|edonkey|gnutella|kademlia|other)
  swarm_info Swarm
Swarm open
  info_hash,magnet_uri string
copyright-usenet: Copyright
  newsgroup! string
  message_info MessageInfo
MessageInfo open
  message_id! string

vulnerability-cve: Report
  service! string(200)
  service_port! int(1,65535)
  cve_id! @anycve
  cve_ids [@anycve](0,10)u
  service_version,patch_version string(100)
  cvss_score number(0,10)
  cvss_vector @vector
  cvss_version enum(2.0|3.0|3.1)
  evidence_source enum(vulnerability_scan|researcher_analysis|automated_discovery|penetration_testing)
  exploitability enum(theoretical|poc_available|functional|weaponized)
  risk_level enum(info|low|medium|high|critical)
  severity enum(informational|low|medium|high|critical)
  patch_available bool
  patch_url,vendor_advisory @uri
  disclosure_date @time
  impact_assessment Triad
  remediation_priority enum(low|medium|high|critical|emergency)
Triad
  confidentiality,integrity,availability enum(none|low|high)
vulnerability-misconfiguration: Report
  service! string
vulnerability-open_service: Report
  service! string

infrastructure-botnet: Report
  compromise_evidence! string
  malware_family string(200)
  c2_server string
  c2_protocol enum(http|https|tcp|udp|dns|irc|p2p|custom)
  bot_capabilities [enum(ddos|spam|proxy|keylogger|file_download|remote_shell|cryptocurrency_mining|data_theft)]*
  first_seen,last_seen @time
  infection_vector enum(network_worm|email_attachment|drive_by_download|exploit_kit|social_engineering|malicious_link|usb_propagation|brute_force)
infrastructure-compromised_server: Report
  compromise_method! string

reputation-blocklist: Report
  threat_type! string
reputation-threat_intelligence: Report
  threat_type! string
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
