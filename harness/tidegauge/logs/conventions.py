"""Attribute names of spans that hold model calls, newest and most specific first.

OpenTelemetry's GenAI conventions changed names with almost every version and moved to a repository
of their own after v1.41 of the semantic conventions; all names in use are pinned here: v1.27 to
v1.41 (``gen_ai.*``), the indexed form of OpenLLMetry, OpenInference (``llm.*``, ``retrieval.*``),
the AI SDK (``ai.*``) and TruLens (``ai.observability.*``).
"""

from __future__ import annotations

SINGLE: dict[str, tuple[str, ...]] = {
    "model_version": (
        "gen_ai.response.model", "llm.response.model_name", "ai.response.model",
        "gen_ai.request.model", "llm.model_name", "llm.request.model_name", "ai.model.id",
        "ai.observability.cost.model",
    ),
    "tokens_in": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt",
        "llm.usage.prompt_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens",
        "ai.observability.cost.n_prompt_tokens",
    ),
    "tokens_out": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
        "llm.token_count.completion", "llm.usage.completion_tokens", "ai.usage.outputTokens",
        "ai.usage.completionTokens", "ai.observability.cost.n_completion_tokens",
    ),
    "conversation": (
        "gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id",
        "traceloop.association.properties.conversation_id", "ai.telemetry.metadata.sessionId",
        "langfuse.session.id", "thread.id.conversation",
    ),
    "finish_reason": (
        "gen_ai.response.finish_reasons", "llm.finish_reason", "ai.response.finishReason",
    ),
    "error": ("exception.message", "error.message", "error.type", "exception.type"),
}  # fmt: skip
"""Column -> attributes that hold its value."""

MESSAGES_IN = (
    "gen_ai.input.messages", "llm.input_messages", "gen_ai.prompt", "ai.prompt.messages",
    "llm.prompts",
)  # fmt: skip
"""Messages of the request: a list, a JSON string, or keys that go on with ``.0.``."""
MESSAGES_OUT = ("gen_ai.output.messages", "llm.output_messages", "gen_ai.completion")
"""Messages of the answer, in the same forms."""
TEXT_IN = (
    "input.value", "ai.prompt", "gen_ai.retrieval.query.text", "traceloop.entity.input",
    "ai.observability.record_root.input",
)  # fmt: skip
"""The request as one text."""
TEXT_OUT = (
    "ai.response.text", "ai.response.object", "output.value", "traceloop.entity.output",
    "ai.observability.record_root.output",
)  # fmt: skip
"""The answer as one text."""
SYSTEM = ("gen_ai.system_instructions", "llm.system_prompt")
"""Instructions that stand apart from the messages."""
DOCUMENTS = (
    "reranker.output_documents", "retrieval.documents", "gen_ai.retrieval.documents",
    "ai.observability.retrieval.retrieved_contexts",
)  # fmt: skip
"""Passages that were found; those of a reranker replace what it was given."""
DOCUMENT_TEXT = ("document.content", "content", "text", "page_content", "pageContent")

KIND = (
    "openinference.span.kind", "gen_ai.operation.name", "traceloop.span.kind", "llm.request.type",
    "ai.observability.span_type", "ai.operationId",
)  # fmt: skip
"""What a span is for."""
CALLS = frozenset({
    "llm", "chat", "completion", "text_completion", "generate_content",
    "ai.generatetext.dogenerate", "ai.streamtext.dostream", "ai.generateobject.dogenerate",
    "ai.streamobject.dostream",
})  # fmt: skip
"""Kinds of span that are one call of a model."""
ROOTS = frozenset({"chain", "agent", "workflow", "invoke_agent", "record_root", "unknown", ""})
"""Kinds that stand for a whole request where its trace holds no call."""
WRAPPERS = frozenset({
    "ai.generatetext", "ai.streamtext", "ai.generateobject", "ai.streamobject", "ai.embed",
    "ai.embedmany",
})  # fmt: skip
"""Kinds that only wrap a call of the same texts."""

EVENTS_IN = {
    "gen_ai.system.message": "system", "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant", "gen_ai.tool.message": "tool",
}  # fmt: skip
"""Events of v1.28 to v1.36, one a message -> its role."""
EVENT_OUT = "gen_ai.choice"
EVENT_PROMPT, EVENT_COMPLETION = "gen_ai.content.prompt", "gen_ai.content.completion"
"""Events of v1.27 whose attribute ``gen_ai.prompt`` or ``gen_ai.completion`` is JSON."""

MARKS = (
    "resourceSpans", "openinference.span.kind", "gen_ai.", "llm.input_messages", "llm.model_name",
    "retrieval.documents", "ai.observability.", "ai.operationId", "traceloop.",
)  # fmt: skip
"""By one of these a record is known to be such a span."""
