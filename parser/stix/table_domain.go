package stix

// domain are the domain objects (section 4) and those of the incident
// extensions.
const domain = `
bundle open
  type! =bundle
  id! @ref:bundle
  objects [object]
  * @property any

attack-pattern: Common
  name! text
  description string
  aliases [text]
  kill_chain_phases [KillChainPhase]

campaign: Common
  name! text
  description,objective string
  aliases [text]
  first_seen,last_seen @stamp

course-of-action: Common
  name! text
  description string

grouping: Common
  name,description string
  context! text
  object_refs! [@id]

identity: Common
  name! text
  description,contact_information string
  roles,sectors [text]
  identity_class text

incident: Common
  name! text
  description string

indicator: Common
  name,description string
  indicator_types [text]
  pattern,pattern_type! text
  pattern_version text
  valid_from! @stamp
  valid_until @stamp
  kill_chain_phases [KillChainPhase]

infrastructure: Common
  name! text
  description string
  infrastructure_types,aliases [text]
  kill_chain_phases [KillChainPhase]
  first_seen,last_seen @stamp

intrusion-set: Common
  name! text
  description string
  aliases,goals,secondary_motivations [text]
  first_seen,last_seen @stamp
  resource_level,primary_motivation text

location: Common
  name,description,administrative_area,city,street_address,postal_code string
  latitude number(-90,90)
  longitude number(-180,180)
  precision number(0,1000000000)
  region,country text

malware: Common
  name text
  description string
  malware_types,aliases,architecture_execution_envs,implementation_languages,capabilities [text]
  is_family! bool
  kill_chain_phases [KillChainPhase]
  first_seen,last_seen @stamp
  operating_system_refs [@ref:software]
  sample_refs [@ref:artifact|file]

malware-analysis: Common
  product! text
  version,configuration_version,analysis_engine_version,analysis_definition_version text
  host_vm_ref,operating_system_ref @ref:software
  installed_software_refs [@ref:software]
  modules [text]
  submitted,analysis_started,analysis_ended @stamp
  result_name,result text
  analysis_sco_refs [@id]
  sample_ref @ref:artifact|file|network-traffic

note: Common
  abstract string
  content! text
  authors [text]
  object_refs! [@id]

observed-data: Common
  first_observed,last_observed! @stamp
  number_observed! int(1,999999999)
  objects Container
  object_refs [@id]

Container min 1
  * Contained
Contained open
  type! text

opinion: Common
  explanation string
  authors [text]
  opinion! enum(strongly-disagree|disagree|neutral|agree|strongly-agree)
  object_refs! [@id]

report: Common
  name! text
  description string
  report_types [text]
  published! @stamp
  object_refs! [@id]

threat-actor: Common
  name! text
  description string
  threat_actor_types,aliases,roles,goals,secondary_motivations,personal_motivations [text]
  first_seen,last_seen @stamp
  sophistication,resource_level,primary_motivation text

tool: Common
  name! text
  description string
  tool_types,aliases [text]
  kill_chain_phases [KillChainPhase]
  tool_version text

vulnerability: Common
  name! text
  description string

relationship: Common
  relationship_type! @relationship
  description string
  source_ref,target_ref! @id
  start_time,stop_time @stamp

sighting: Common
  description string
  first_seen,last_seen @stamp
  count int(0,999999999)
  sighting_of_ref! @id
  observed_data_refs [@ref:observed-data]
  where_sighted_refs [@ref:identity|location]
  summary bool

language-content: Common
  object_ref! @id
  object_modified @stamp
  contents! Contents
Contents min 1
  * @lang object

marking-definition: Common
  modified @stamp
  name string
  definition_type text
  definition object

extension-definition: Common
  created_by_ref! @ref:identity
  name,schema,version! text
  description string
  extension_types! [enum(new-sdo|new-sco|new-sro|property-extension|toplevel-property-extension)]
  extension_properties [@property]

event: Common
  status! enum(ongoing|occurred|not-occurred|pending|undetermined)
  name,description,goal string
  event_types [text]
  changed_objects [StateChange]
  sighting_refs [@ref:sighting]
  start_time,end_time @stamp
  start_time_fidelity,end_time_fidelity enum(day|hour|minute|month|second|year)
  subevents [EventEntry]

impact: Common
  impact_category! text
  criticality int(0,100)
  description string
  impacted_entity_counts EntityCounts
  impacted_refs [@id]
  recoverability enum(extended|not-applicable|not-recoverable|regular|supplemented)
  start_time,end_time @stamp
  start_time_fidelity,end_time_fidelity enum(day|hour|minute|month|second|year)
  superseded_by_ref @ref:impact

task: Common
  outcome! enum(cancelled|failed|ongoing|pending|successful|unknown)
  name,description,error string
  task_types [text]
  changed_objects [StateChange]
  impacted_entity_counts EntityCounts
  priority int(0,100)
  start_time,end_time @stamp
  start_time_fidelity,end_time_fidelity enum(day|hour|minute|month|second|year)
  subtasks [TaskEntry]
`
