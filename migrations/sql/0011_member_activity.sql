-- Whether a member has done anything lately, answered without reading what everybody else did.
CREATE INDEX ix_audit_event_members ON audit_event (tenant_id, id) WHERE actor_kind = 'member';
