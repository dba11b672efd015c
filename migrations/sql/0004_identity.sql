CREATE TABLE sign_in_link (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    member_id UUID NOT NULL,
    token_digest BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sign_in_link PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_sign_in_link_tenant_id_member_id FOREIGN KEY(tenant_id, member_id) REFERENCES member (tenant_id, id),
    CONSTRAINT uq_sign_in_link_token UNIQUE (tenant_id, token_digest)
);
CREATE INDEX ix_sign_in_link_member_id ON sign_in_link (tenant_id, member_id);
COMMENT ON TABLE sign_in_link IS 'Links with which members sign in, each once.';
COMMENT ON COLUMN sign_in_link.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN sign_in_link.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN sign_in_link.member_id IS 'Whom it signs in.';
COMMENT ON COLUMN sign_in_link.token_digest IS 'SHA-256 of its token.';
COMMENT ON COLUMN sign_in_link.created_at IS 'When it was made.';
COMMENT ON COLUMN sign_in_link.expires_at IS 'When it can no longer be used.';
COMMENT ON COLUMN sign_in_link.used_at IS 'When it was used; absent before.';

CREATE TABLE sign_in_session (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    member_id UUID NOT NULL,
    token_digest BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sign_in_session PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_sign_in_session_tenant_id_member_id FOREIGN KEY(tenant_id, member_id) REFERENCES member (tenant_id, id),
    CONSTRAINT uq_sign_in_session_token UNIQUE (tenant_id, token_digest)
);
CREATE INDEX ix_sign_in_session_member_id ON sign_in_session (tenant_id, member_id);
COMMENT ON TABLE sign_in_session IS 'Browsers in which members have signed in.';
COMMENT ON COLUMN sign_in_session.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN sign_in_session.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN sign_in_session.member_id IS 'Who signed in.';
COMMENT ON COLUMN sign_in_session.token_digest IS 'SHA-256 of its token.';
COMMENT ON COLUMN sign_in_session.created_at IS 'When it began.';
COMMENT ON COLUMN sign_in_session.seen_at IS 'When it was last used, to within five minutes.';
COMMENT ON COLUMN sign_in_session.expires_at IS 'When it ends, however much it is used.';
COMMENT ON COLUMN sign_in_session.ended_at IS 'When the member signed out; absent before.';

CREATE TABLE member_preference (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    member_id UUID NOT NULL,
    language TEXT,
    theme TEXT,
    CONSTRAINT pk_member_preference PRIMARY KEY (tenant_id, member_id),
    CONSTRAINT fk_member_preference_tenant_id_member_id FOREIGN KEY(tenant_id, member_id) REFERENCES member (tenant_id, id),
    CONSTRAINT ck_member_preference_language_known CHECK (language IN ('de', 'en')),
    CONSTRAINT ck_member_preference_theme_known CHECK (theme IN ('light', 'dark'))
);
COMMENT ON TABLE member_preference IS 'How members want the pages to look.';
COMMENT ON COLUMN member_preference.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN member_preference.member_id IS 'Whose.';
COMMENT ON COLUMN member_preference.language IS 'Absent leaves it to the browser.';
COMMENT ON COLUMN member_preference.theme IS 'Absent leaves it to the browser.';

CALL guard_tenant_table('sign_in_link', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('sign_in_session', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('member_preference', 'SELECT, INSERT, UPDATE');
