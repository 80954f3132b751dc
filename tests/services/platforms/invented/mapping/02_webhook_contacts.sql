CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW webhook_contacts AS
SELECT
    o.ORD_NO AS order_id,
    m.MAIL_ADDR AS email,
    IF(m.LANG_CD = 'E', CONCAT(m.GIVEN_NM, ' ', m.FAMILY_NM), CONCAT(m.FAMILY_NM, ' ', m.GIVEN_NM)) AS name,
    IF(m.LANG_CD = 'E', 'en', 'ko') AS language
FROM TB_ORD_MST o
    JOIN TB_MEMBER m ON m.MBR_SEQ = o.MBR_SEQ
