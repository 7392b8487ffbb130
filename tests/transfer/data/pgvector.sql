--
-- PostgreSQL database dump
--

\restrict YJeCw7RSOXPFX9yLhzlNR3DKx0mWpTBSKYRARvpqpW1GKGZUOGPbaDdPK5Vadv2

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: My Schema; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA "My Schema";


ALTER SCHEMA "My Schema" OWNER TO postgres;

--
-- Name: vector; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;


--
-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: My Docs; Type: TABLE; Schema: My Schema; Owner: postgres
--

CREATE TABLE "My Schema"."My Docs" (
    id uuid NOT NULL,
    embedding public.vector(4)
);


ALTER TABLE "My Schema"."My Docs" OWNER TO postgres;

--
-- Name: docs; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.docs (
    key bigint NOT NULL,
    embedding public.vector(4),
    half public.halfvec(2),
    terms public.sparsevec(9),
    bits bit(16),
    "text of it" text DEFAULT 'x'::text COLLATE pg_catalog."C",
    body text,
    price real,
    is_new boolean DEFAULT true,
    data jsonb,
    tags text[],
    day timestamp with time zone,
    number numeric(9,2),
    name character varying(20) NOT NULL
);


ALTER TABLE public.docs OWNER TO postgres;

--
-- Name: loose; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.loose (
    name text NOT NULL,
    embedding public.vector
);


ALTER TABLE public.loose OWNER TO postgres;

--
-- Name: plain; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.plain (
    id integer NOT NULL,
    note text
);


ALTER TABLE public.plain OWNER TO postgres;

--
-- Data for Name: My Docs; Type: TABLE DATA; Schema: My Schema; Owner: postgres
--

COPY "My Schema"."My Docs" (id, embedding) FROM stdin;
00000000-0000-0000-0000-000000000000	[0.9449049,0.6250954,0.6841799,0.89721376]
00000000-0000-0000-0000-000000000001	[0.5782924,0.77568567,0.833651,0.22520715]
00000000-0000-0000-0000-000000000002	[0.05553156,0.30016625,0.28506702,0.8735534]
00000000-0000-0000-0000-000000000003	[0.91262317,0.0052652955,0.49978673,0.8212284]
00000000-0000-0000-0000-000000000004	[0.1314407,0.7970694,0.11908299,0.4679349]
00000000-0000-0000-0000-000000000005	[0.81646514,0.3030324,0.3416034,0.27842557]
00000000-0000-0000-0000-000000000006	[0.71947086,0.25486958,0.99045974,0.4450763]
00000000-0000-0000-0000-000000000007	[0.47814888,0.50454825,0.5825429,0.5534973]
00000000-0000-0000-0000-000000000008	[0.5094473,0.99550027,0.80766374,0.7926619]
00000000-0000-0000-0000-000000000009	[0.7002744,0.6221792,0.3410259,0.98896015]
00000000-0000-0000-0000-00000000000a	[0.46623045,0.21530867,0.84508735,0.16021198]
00000000-0000-0000-0000-00000000000b	[0.85744923,0.6125396,0.11471343,0.043941975]
\.


--
-- Data for Name: docs; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.docs (key, embedding, half, terms, bits, "text of it", body, price, is_new, data, tags, day, number, name) FROM stdin;
0	[0.9449049,0.6250954,0.6841799,0.89721376]	[0.5,0]	{1:0.5,9:1}/9	0000000100000000	x	tab\t, line\n, back\\slash text 0 ü	0	t	{"a": [0, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	0.25	name 0
1	[0.5782924,0.77568567,0.833651,0.22520715]	[0.5,1]	{1:0.5,9:2}/9	0000000100000001	x	tab\t, line\n, back\\slash text 1 ü	0.25	f	{"a": [1, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	1.25	name 1
2	[0.05553156,0.30016625,0.28506702,0.8735534]	[0.5,2]	{1:0.5,9:3}/9	0000000100000010	x	tab\t, line\n, back\\slash text 2 ü	0.5	t	{"a": [2, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	2.25	name 2
3	[0.91262317,0.0052652955,0.49978673,0.8212284]	[0.5,3]	{1:0.5,9:4}/9	0000000100000011	x	tab\t, line\n, back\\slash text 3 ü	0.75	f	{"a": [3, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	3.25	name 3
4	[0.1314407,0.7970694,0.11908299,0.4679349]	[0.5,4]	{1:0.5,9:5}/9	0000000100000100	x	tab\t, line\n, back\\slash text 4 ü	1	t	{"a": [4, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	4.25	name 4
5	[0.81646514,0.3030324,0.3416034,0.27842557]	[0.5,5]	{1:0.5,9:6}/9	0000000100000101	x	tab\t, line\n, back\\slash text 5 ü	1.25	f	{"a": [5, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	5.25	name 5
6	[0.71947086,0.25486958,0.99045974,0.4450763]	[0.5,6]	{1:0.5,9:7}/9	0000000100000110	x	tab\t, line\n, back\\slash text 6 ü	1.5	t	{"a": [6, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	6.25	name 6
7	[0.47814888,0.50454825,0.5825429,0.5534973]	[0.5,7]	{1:0.5,9:8}/9	0000000100000111	x	tab\t, line\n, back\\slash text 7 ü	1.75	f	{"a": [7, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	7.25	name 7
8	[0.5094473,0.99550027,0.80766374,0.7926619]	[0.5,8]	{1:0.5,9:9}/9	0000000100001000	x	tab\t, line\n, back\\slash text 8 ü	2	t	{"a": [8, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	8.25	name 8
9	[0.7002744,0.6221792,0.3410259,0.98896015]	[0.5,9]	{1:0.5,9:10}/9	0000000100001001	x	tab\t, line\n, back\\slash text 9 ü	2.25	f	{"a": [9, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	9.25	name 9
10	[0.46623045,0.21530867,0.84508735,0.16021198]	[0.5,10]	{1:0.5,9:11}/9	0000000100001010	x	tab\t, line\n, back\\slash text 10 ü	2.5	t	{"a": [10, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	10.25	name 10
11	[0.85744923,0.6125396,0.11471343,0.043941975]	[0.5,11]	{1:0.5,9:12}/9	0000000100001011	x	tab\t, line\n, back\\slash text 11 ü	2.75	f	{"a": [11, "ü"]}	{a,"b, \\"c\\""}	2024-01-02 03:04:05+00	11.25	name 11
100	[1,2,3,4]	\N	\N	\N	x	\N	\N	t	\N	\N	\N	\N	nulls
\.


--
-- Data for Name: loose; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.loose (name, embedding) FROM stdin;
a	[1,2]
b	[1,2,3]
c	[3,4]
d	\N
\.


--
-- Data for Name: plain; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.plain (id, note) FROM stdin;
1	no vectors
\.


--
-- Name: My Docs My Docs_pkey; Type: CONSTRAINT; Schema: My Schema; Owner: postgres
--

ALTER TABLE ONLY "My Schema"."My Docs"
    ADD CONSTRAINT "My Docs_pkey" PRIMARY KEY (id);


--
-- Name: docs docs_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.docs
    ADD CONSTRAINT docs_pkey PRIMARY KEY (key);


--
-- Name: loose loose_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.loose
    ADD CONSTRAINT loose_pkey PRIMARY KEY (name);


--
-- Name: plain plain_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.plain
    ADD CONSTRAINT plain_pkey PRIMARY KEY (id);


--
-- Name: My Docs_embedding_idx; Type: INDEX; Schema: My Schema; Owner: postgres
--

CREATE INDEX "My Docs_embedding_idx" ON "My Schema"."My Docs" USING ivfflat (embedding public.vector_cosine_ops);


--
-- Name: docs_bits_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX docs_bits_idx ON public.docs USING hnsw (bits public.bit_jaccard_ops);


--
-- Name: docs_embedding_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX docs_embedding_idx ON public.docs USING hnsw (embedding public.vector_ip_ops) WITH (m='8');


--
-- PostgreSQL database dump complete
--

\unrestrict YJeCw7RSOXPFX9yLhzlNR3DKx0mWpTBSKYRARvpqpW1GKGZUOGPbaDdPK5Vadv2

