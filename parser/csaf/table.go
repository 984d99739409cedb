package csaf

// shared are the objects that versions 2.0 and 2.1 have alike; OPEN is put in
// for 2.0, whose schema lets members stand that it does not name.
const shared = `
Acknowledgment OPEN min 1
  names [text]
  organization,summary text
  urls [@uri]

Branch OPEN min 3 max 3
  branches [Branch]
  category! enum(BRANCHES)
  name! text
  product Product

GenericURI OPEN
  namespace,uri! @uri

Reference OPEN
  category enum(external|self)
  summary! text
  url! @uri

Severity OPEN
  namespace @uri
  text! text

Publisher OPEN
  category! enum(PUBLISHERS)
  contact_details,issuing_authority text
  name! text
  namespace! @uri

Generator OPEN
  date @time
  engine! Engine
Engine OPEN
  name! text
  version text

Revision OPEN
  date! @time
  legacy_version text
  number! @version
  summary! text

Tracking OPEN
  aliases [text]u
  current_release_date,initial_release_date! @time
  generator Generator
  id! @trackid
  revision_history! [Revision]
  status! enum(draft|final|interim)
  version! @version

Tree OPEN min 1
  branches [Branch]
  full_product_names [Product]
  product_groups [Group]
  relationships [Relationship]

Group OPEN
  group_id! text
  product_ids! [text](2,1000000)u
  summary text

Relationship OPEN
  category! enum(default_component_of|external_component_of|installed_on|installed_with|optional_component_of)
  full_product_name! Product
  product_reference,relates_to_product_reference! text

Product OPEN
  name,product_id! text
  product_identification_helper Helper

ID OPEN
  system_name,text! text

Status OPEN min 1
  first_affected,first_fixed,fixed,known_affected,known_not_affected,last_affected,recommended,under_investigation [text]u

Threat OPEN
  category! enum(exploit_status|impact|target_set)
  date @time
  details! text
  group_ids,product_ids [text]u

Restart OPEN
  category! enum(connected|dependencies|machine|none|parent|service|system|vulnerable_component|zone)
  details text

Flag OPEN
  date @time
  group_ids,product_ids [text]u
  label! enum(component_not_present|inline_mitigations_already_exist|vulnerable_code_cannot_be_controlled_by_adversary|vulnerable_code_not_in_execute_path|vulnerable_code_not_present)

CVSS2 open
  version! =2.0
  vectorString! text
  accessVector,accessComplexity,authentication,confidentialityImpact,integrityImpact,availabilityImpact,exploitability,remediationLevel,reportConfidence,collateralDamagePotential,targetDistribution,confidentialityRequirement,integrityRequirement,availabilityRequirement string
  baseScore! number(0,10)
  temporalScore,environmentalScore number(0,10)

CVSS3 open
  version! enum(3.0|3.1)
  vectorString! text
  attackVector,attackComplexity,privilegesRequired,userInteraction,scope,confidentialityImpact,integrityImpact,availabilityImpact,exploitCodeMaturity,remediationLevel,reportConfidence,confidentialityRequirement,integrityRequirement,availabilityRequirement,modifiedAttackVector,modifiedAttackComplexity,modifiedPrivilegesRequired,modifiedUserInteraction,modifiedScope,modifiedConfidentialityImpact,modifiedIntegrityImpact,modifiedAvailabilityImpact string
  baseScore! number(0,10)
  baseSeverity! enum(NONE|LOW|MEDIUM|HIGH|CRITICAL)
  temporalScore,environmentalScore number(0,10)
  temporalSeverity,environmentalSeverity enum(NONE|LOW|MEDIUM|HIGH|CRITICAL)

CVSS4 open
  version! =4.0
  vectorString! text
  attackVector,attackComplexity,attackRequirements,privilegesRequired,userInteraction,vulnConfidentialityImpact,vulnIntegrityImpact,vulnAvailabilityImpact,subConfidentialityImpact,subIntegrityImpact,subAvailabilityImpact,exploitMaturity,confidentialityRequirement,integrityRequirement,availabilityRequirement,modifiedAttackVector,modifiedAttackComplexity,modifiedAttackRequirements,modifiedPrivilegesRequired,modifiedUserInteraction,modifiedVulnConfidentialityImpact,modifiedVulnIntegrityImpact,modifiedVulnAvailabilityImpact,modifiedSubConfidentialityImpact,modifiedSubIntegrityImpact,modifiedSubAvailabilityImpact,Safety,Automatable,Recovery,valueDensity,vulnerabilityResponseEffort,providerUrgency string
  baseScore! number(0,10)
  baseSeverity! enum(NONE|LOW|MEDIUM|HIGH|CRITICAL)
  threatScore,environmentalScore number(0,10)
  threatSeverity,environmentalSeverity enum(NONE|LOW|MEDIUM|HIGH|CRITICAL)
`

// only20 are the objects as version 2.0 has them.
const only20 = `
Root open
  document! Document
  product_tree Tree
  vulnerabilities [Vulnerability]

Document open
  acknowledgments [Acknowledgment]
  aggregate_severity Severity
  category! @category
  csaf_version! =2.0
  distribution Distribution
  lang,source_lang @lang
  notes [Note]
  publisher! Publisher
  references [Reference]
  title! text
  tracking! Tracking

Distribution open min 1
  text text
  tlp TLP
TLP open
  label! enum(AMBER|GREEN|RED|WHITE)
  url @uri

Note open
  audience,title text
  category! enum(description|details|faq|general|legal_disclaimer|other|summary)
  text! text

Helper open min 1
  cpe @cpe
  hashes [FileHashes]
  model_numbers [text]u
  purl @uri
  sbom_urls [@uri]
  serial_numbers [text]u
  skus [text]
  x_generic_uris [GenericURI]
FileHashes open
  file_hashes! [Hash]
  filename! text
Hash open
  algorithm! text
  value! @hash

Vulnerability open min 1
  acknowledgments [Acknowledgment]
  cve @cve
  cwe CWE
  discovery_date,release_date @time
  flags [Flag]u
  ids [ID]u
  involvements [Involvement]u
  notes [Note]
  product_status Status
  references [Reference]
  remediations [Remediation]
  scores [Score]
  threats [Threat]
  title text

CWE open
  id! @cwe
  name! text

Involvement open
  date @time
  party! enum(coordinator|discoverer|other|user|vendor)
  status! enum(completed|contact_attempted|disputed|in_progress|not_contacted|open)
  summary text

Remediation open
  category! enum(mitigation|no_fix_planned|none_available|vendor_fix|workaround)
  date @time
  details! text
  entitlements [text]
  group_ids,product_ids [text]u
  restart_required Restart
  url @uri

Score open min 2
  cvss_v2 CVSS2
  cvss_v3 CVSS3
  products! [text]u
`

// only21 are the objects as version 2.1 has them; nothing else may stand.
const only21 = `
Root
  $schema! =https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json
  document! Document
  product_tree Tree
  vulnerabilities [Vulnerability]

Document
  acknowledgments [Acknowledgment]
  aggregate_severity Severity
  category! @category
  csaf_version! =2.1
  distribution! Distribution
  lang,source_lang @lang
  license_expression text
  notes [Note]
  publisher! Publisher
  references [Reference]
  title! text
  tracking! Tracking

Distribution
  sharing_group SharingGroup
  text text
  tlp! TLP
SharingGroup
  id! @uuid
  name text
TLP
  label! enum(AMBER|AMBER+STRICT|CLEAR|GREEN|RED)
  url @uri

Note
  audience,title text
  category! enum(description|details|faq|general|legal_disclaimer|other|summary)
  group_ids,product_ids [text]u
  text! text

Helper min 1
  cpe @cpe
  hashes [FileHashes]
  model_numbers [text]u
  purls [@uri]u
  sbom_urls [@uri]
  serial_numbers [text]u
  skus [text]
  x_generic_uris [GenericURI]
FileHashes
  file_hashes! [Hash]
  filename! text
Hash
  algorithm! @algorithm
  value! @lowhash

Vulnerability min 1
  acknowledgments [Acknowledgment]
  cve @cve
  cwes [CWE]u
  disclosure_date,discovery_date @time
  first_known_exploitation_dates [Exploitation]u
  flags [Flag]u
  ids [ID]u
  involvements [Involvement]u
  metrics [Metric]u
  notes [Note]
  product_status Status21
  references [Reference]
  remediations [Remediation]
  threats [Threat]
  title text

CWE
  id! @cwe
  name! @category
  version! @cweversion

Exploitation min 3
  date,exploitation_date! @time
  group_ids,product_ids [text]u

Involvement
  contact text
  date @time
  group_ids,product_ids [text]u
  party! enum(coordinator|discoverer|other|user|vendor)
  status! enum(completed|contact_attempted|disputed|in_progress|not_contacted|open)
  summary text

Status21: Status min 1
  unknown [text]u

Remediation
  category! enum(fix_planned|mitigation|no_fix_planned|none_available|optional_patch|vendor_fix|workaround)
  date @time
  details! text
  entitlements [text]
  group_ids,product_ids [text]u
  restart_required Restart
  url @uri

Metric
  content! Content
  products! [text]u
  source @uri
Content min 1
  cvss_v2 CVSS2
  cvss_v3 CVSS3
  cvss_v4 CVSS4
  epss EPSS
  qualitative_severity_rating enum(critical|high|low|medium|none)
  ssvc_v2,ssvc_v1 object
EPSS
  percentile,probability! @fraction
  timestamp! @time
`
